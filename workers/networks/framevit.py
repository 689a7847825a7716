"""The transformer of scanning diffraction: a frame as 64 tokens, its patch, and its place in a map.

A small ViT (Dosovitskiy et al. 2021): the glance of a frame is cut into 8 × 8 squares, each square
is a token, tokens attend to each other, and every token draws its own square of the patch. Places
of tokens are fixed sines, so any side that 8 divides can be read, at the cost it was trained for.
Attention is what suits counts, whose every pixel tells of the whole patch. The mean token is the
frame's latent: frames that look alike lie near each other.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from workers.networks.patchnet import CHANNELS

TOKENS = 8  # along one side
DETAIL = 8  # planes a token draws for the last convolution


class Layer(nn.Module):
    """Attention among the tokens `(n, t, width)` of a frame, then each by itself."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.before, self.between = nn.LayerNorm(width), nn.LayerNorm(width)
        self.queries, self.mix = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.wide, self.narrow = nn.Linear(width, 3 * width), nn.Linear(3 * width, width)

    def forward(self, tokens: Tensor) -> Tensor:
        n, t, width = tokens.shape
        asked = self.queries(self.before(tokens)).reshape(n, t, 3, self.heads, -1)
        query, key, value = asked.permute(2, 0, 3, 1, 4)
        seen = F.scaled_dot_product_attention(query, key, value)
        tokens = tokens + self.mix(seen.transpose(1, 2).reshape(n, t, width))
        found: Tensor = tokens + self.narrow(F.gelu(self.wide(self.between(tokens))))
        return found


class FrameViT(nn.Module):
    """Glances `(n, 8, s, s)` and patches `(n, s, s)` complex64 -> better patches of that shape.

    `s` is `side`, which fixes the squares: s/8 pixels each.
    """

    places: Tensor

    def __init__(self, side: int = 128, width: int = 144, depth: int = 4, heads: int = 4) -> None:
        super().__init__()
        self.width, self.square = width, side // TOKENS
        self.enter = nn.Conv2d(CHANNELS, width, self.square, stride=self.square)
        self.layers = nn.ModuleList([Layer(width, heads) for _ in range(depth)])
        self.norm = nn.LayerNorm(width)
        half = self.square // 2
        self.draw = nn.Linear(width, DETAIL * half**2)
        self.leave = nn.Sequential(
            nn.Conv2d(DETAIL + 4 * 4, 16, 3, padding=1), nn.SiLU(), nn.Conv2d(16, 8, 3, padding=1)
        )
        nn.init.zeros_(self.leave[2].weight)  # type: ignore[arg-type]
        nn.init.zeros_(self.leave[2].bias)  # type: ignore[arg-type]
        self.register_buffer("places", sines(width), persistent=False)

    def tokens(self, inputs: Tensor) -> Tensor:
        """What the layers make of a glance, `(n, 64, width)`."""
        return self.looked(self.enter(inputs).flatten(2).transpose(1, 2))

    def looked(self, squares: Tensor) -> Tensor:
        """The same from embedded squares `(n, 64, width)`, some of which may be blanked."""
        tokens = squares + self.places
        for layer in self.layers:
            tokens = layer(tokens)
        found: Tensor = self.norm(tokens)
        return found

    def latent(self, inputs: Tensor) -> Tensor:
        """Where each frame lies among others, `(n, width)`."""
        return self.tokens(inputs).mean(dim=1)

    def forward(self, inputs: Tensor, base: Tensor) -> Tensor:
        drawn = self.draw(self.tokens(inputs)).transpose(1, 2)
        half = self.square // 2
        planes = F.fold(drawn, TOKENS * half, half, stride=half)
        # The last convolutions see the guess and the glance's own change too, at full detail.
        detail = torch.cat([planes, F.pixel_unshuffle(inputs[:, :4], 2)], dim=1)
        change = F.pixel_shuffle(self.leave(detail), 2)
        return base + torch.complex(change[:, 0], change[:, 1])


def sines(width: int) -> Tensor:
    """Where each token lies, `(64, width)`: sines and cosines of row and column."""
    rates = 10 ** -torch.linspace(0, 1.5, width // 4)
    along = torch.arange(TOKENS)[:, None] * rates
    waves = torch.cat([along.sin(), along.cos()], dim=1)
    rows = waves[:, None].expand(-1, TOKENS, -1)
    return torch.cat([rows, waves[None].expand(TOKENS, -1, -1)], dim=2).flatten(0, 1)
