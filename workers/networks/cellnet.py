"""The network of the X-ray ensemble: what the cells of a coarse map look like inside.

It works on the grid of *cells* (one position per measured pixel), so at ×4 it sees sixteen
times fewer positions than the estimate has pixels, and it predicts coefficients of an
orthonormal basis of the cell. For a binned, point-sampled or line-swept map coefficient 0 is
what was measured and the others span exactly what the measurement cannot see; the network moves
coefficient 0 only in units of its counting error.

One set of weights serves any list of elements: every element runs through the same trunk, and
`Exchange` lets the elements of one place look at each other (attention over the element axis, so
the order and number of elements do not matter). Only convolutions and per-place operations are
used, nothing global, so a tile with a halo of `HALO` cells equals the untiled result.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

OPERATORS = ("fine", "binned", "point", "line", "psf")
SIGMA_FLOOR = 0.25  # counts; the variance of a pixel that counted nothing is not nothing
SCALE_FLOOR = 0.5  # counts
DILATIONS = (1, 2, 1, 4, 1, 2, 1)
# Reach of the trunk (two convolutions a block), its two ends, and the local scale.
HALO = 2 * sum(DILATIONS) + 3 + 6


def local_scale(y: Tensor) -> Tensor:
    """Smooth local maximum of a map, counts, `(n, 1, h, w) -> (n, 1, h, w)`, positive.

    Dividing by it instead of by a global figure keeps one bright rare phase from deciding the
    scale of everything else, and keeps tiles identical to the whole.
    """
    smooth = F.avg_pool2d(_pad(y, 1), 3, stride=1)
    peak = F.max_pool2d(_pad(smooth, 3), 7, stride=1)
    return F.avg_pool2d(_pad(peak, 2), 5, stride=1) + SCALE_FLOOR


def counting_error(y: Tensor, variance_factor: Tensor) -> Tensor:
    """Standard error of each count, `(n, 1, h, w)`; a 3 × 3 mean keeps a zero from being exact."""
    mean = F.avg_pool2d(_pad(y, 1), 3, stride=1)
    return torch.sqrt(variance_factor * (0.5 * (y + mean) + SIGMA_FLOOR))


def _pad(x: Tensor, width: int) -> Tensor:
    return F.pad(x, (width, width, width, width), mode="replicate")


class Exchange(nn.Module):
    """Elements of one place attend to each other; `(b, e, c, h, w)` in and out."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.score = nn.Conv2d(width, heads, 1)
        self.value = nn.Conv2d(width, width, 1)
        self.mix = nn.Sequential(
            nn.Conv2d(2 * width, width, 1), nn.SiLU(), nn.Conv2d(width, width, 1)
        )

    def forward(self, features: Tensor) -> Tensor:
        b, e, c, h, w = features.shape
        flat = features.reshape(b * e, c, h, w)
        weights = self.score(flat).reshape(b, e, self.heads, 1, h, w).softmax(dim=1)
        values = self.value(flat).reshape(b, e, self.heads, c // self.heads, h, w)
        shared = (weights * values).sum(dim=1, keepdim=True).expand(-1, e, -1, -1, -1, -1)
        together = torch.cat([flat, shared.reshape(b * e, c, h, w)], dim=1)
        mixed: Tensor = flat + self.mix(together)
        return mixed.reshape(b, e, c, h, w)


class Residual(nn.Module):
    def __init__(self, width: int, dilation: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=dilation, dilation=dilation)
        self.second = nn.Conv2d(width, width, 3, padding=dilation, dilation=dilation)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = x + self.second(F.silu(self.first(x)))
        return y


class CellNet(nn.Module):
    """Mean and log-sigma of `cell²` coefficients of every cell of every element.

    Parameters
    ----------
    cell : side of a cell in fine pixels (the factor; 2 for a fine map, whose cells are only
        a way of computing).
    width : features per position.
    """

    def __init__(self, cell: int, width: int = 64) -> None:
        super().__init__()
        self.cell = cell
        self.width = width
        n = cell * cell
        self.enter = nn.Conv2d(n + 2 + len(OPERATORS), width, 3, padding=1)
        self.blocks = nn.ModuleList(Residual(width, d) for d in DILATIONS)
        self.exchanges = nn.ModuleList(Exchange(width, heads=8) for _ in DILATIONS[1::2])
        self.mean = nn.Sequential(
            nn.Conv2d(width, width, 3, padding=1), nn.SiLU(), nn.Conv2d(width, n, 1)
        )
        self.log_sigma = nn.Sequential(
            nn.Conv2d(width, width, 3, padding=1), nn.SiLU(), nn.Conv2d(width, n, 1)
        )
        nn.init.zeros_(self.mean[-1].weight)  # type: ignore[arg-type]
        nn.init.zeros_(self.mean[-1].bias)  # type: ignore[arg-type]

    def forward(self, coefficients: Tensor, noise: Tensor, operator: str) -> tuple[Tensor, Tensor]:
        """Coefficients (locally normalised) of a starting image to mean and log-sigma.

        coefficients : `(b, e, cell², h, w)`; noise : `(b, e, 2, h, w)`, counting error over local
        scale and its square root's logarithm; both outputs `(b, e, cell², h, w)`.
        """
        return self.heads(self.trunk(coefficients, noise, operator))

    def trunk(self, coefficients: Tensor, noise: Tensor, operator: str) -> Tensor:
        """What the network made of every cell, `(b, e, width, h, w)`; arguments of `forward`."""
        b, e, n, h, w = coefficients.shape
        code = torch.zeros(len(OPERATORS), 1, 1, device=noise.device, dtype=noise.dtype)
        code[OPERATORS.index(operator)] = 1.0
        x = torch.cat(
            [
                coefficients.reshape(b * e, n, h, w),
                noise.reshape(b * e, 2, h, w),
                code.expand(b * e, -1, h, w),
            ],
            dim=1,
        )
        x = self.enter(x)
        exchanges = iter(self.exchanges)
        for i, block in enumerate(self.blocks):
            x = block(x)
            if i % 2 == 1:
                x = next(exchanges)(x.reshape(b, e, -1, h, w)).flatten(0, 1)
        features: Tensor = x.reshape(b, e, -1, h, w)
        return features

    def heads(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log-sigma `(b, e, cell², h, w)` of features that `trunk` made."""
        b, e, _, h, w = features.shape
        x = features.flatten(0, 1)
        mean = self.mean(x)
        # The spread is learned beside the mean, never at its cost: no gradient flows back.
        log_sigma = self.log_sigma(x.detach()).clamp(-7.0, 3.0)
        return mean.reshape(b, e, -1, h, w), log_sigma.reshape(b, e, -1, h, w)
