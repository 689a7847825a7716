"""The convolutional network of scanning diffraction: a small U-Net from glances to patches.

It works on quarters of pixels (four neighbours are one position of four times the channels), so
that a frame of 80 × 80 costs what one of 40 × 40 does, and adds what it finds to the patch that
physics guessed (`posteriors/diffraction/glance.py`). Real and imaginary part are predicted, not
phase: a phase jumps at ±π. It begins as the identity, so an untrained network does no harm.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

CHANNELS = 8  # of a glance
MULTIPLE = 8  # what the side of a frame must be divisible by


class Block(nn.Module):
    """Two convolutions around a skip, normalised over groups of channels; keeps the width."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(4, width)
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = x + self.second(F.silu(self.first(self.norm(x))))
        return y


class PatchNet(nn.Module):
    """Glances `(n, 8, s, s)` and patches `(n, s, s)` complex64 -> better patches of that shape."""

    def __init__(self, width: int = 24) -> None:
        super().__init__()
        self.width = width
        wide, widest = 2 * width, 3 * width
        self.enter = nn.Conv2d(4 * CHANNELS, width, 3, padding=1)
        self.fine, self.middle, self.coarse = Block(width), Block(wide), Block(widest)
        self.down = nn.ModuleList(
            [nn.Conv2d(width, wide, 2, stride=2), nn.Conv2d(wide, widest, 2, stride=2)]
        )
        self.up = nn.ModuleList([nn.Conv2d(widest, wide, 1), nn.Conv2d(wide, width, 1)])
        self.after, self.last = Block(wide), Block(width)
        self.leave = nn.Conv2d(width, 8, 3, padding=1)
        nn.init.zeros_(self.leave.weight)
        nn.init.zeros_(self.leave.bias)  # type: ignore[arg-type]

    def looked(self, inputs: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """What the way down makes of a glance: fine, middle and coarse."""
        fine = self.fine(self.enter(F.pixel_unshuffle(inputs, 2)))
        middle = self.middle(self.down[0](fine))
        return fine, middle, self.coarse(self.down[1](middle))

    def latent(self, inputs: Tensor) -> Tensor:
        """Where each frame lies among others, `(n, 3 · width)`: the mean of what is coarse."""
        return self.looked(inputs)[2].mean(dim=(2, 3))

    def forward(self, inputs: Tensor, base: Tensor) -> Tensor:
        fine, middle, coarse = self.looked(inputs)
        middle = self.after(middle + F.interpolate(self.up[0](coarse), scale_factor=2.0))
        fine = self.last(fine + F.interpolate(self.up[1](middle), scale_factor=2.0))
        change = F.pixel_shuffle(self.leave(fine), 2)
        return base + torch.complex(change[:, 0], change[:, 1])
