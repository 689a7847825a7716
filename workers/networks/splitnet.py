"""The network of calorimeter events: how the energy of each coarse cell lies among its children.

It works on the grid of coarse cells with their layers as channels, so at ×4 it sees sixteen times
fewer places than the answer has. It answers *fractions* of a cell (a softmax over its children),
how far its energy was moved by noise, and how many particles there are. What its samples are built
of is said about amplitudes, the square roots of fractions: a child without energy is 0 there, where
a logit would be −∞, and counting noise is as wide for bright as for faint children.

Wherever no layer kept a cell, features are 0, as beyond the edge: the answer does not depend on how
much emptiness surrounds an event.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from workers.networks.cellnet import Residual
from workers.networks.places import Places

DILATIONS = (1, 2, 1, 2, 1, 2)
MOST = 5  # particles the network was taught to count
REACH = 4.0  # σ a cell's energy may be moved by: beyond it was no noise
GEV = 1e4  # MeV: the scale of bright cells
CODES = 3  # numbers the network is told of each cell


@dataclass(frozen=True)
class Split:
    """What is known of `b` events before any sample; children are `(b, layers, factor², h, w)`.

    `fractions` sum to 1 over the children of a cell. `total` is the energy of a cell without its
    noise (MeV) and `error` how well that is known, both `(b, layers, h, w)`. `amplitude` and
    `spread` are mean and standard deviation of the square roots of fractions. `number` `(b, MOST)`
    are logits of 1, 2, … particles, `features` `(b, width, h, w)` is what else the network saw.
    """

    fractions: Tensor
    log_fractions: Tensor
    total: Tensor
    error: Tensor
    amplitude: Tensor
    spread: Tensor
    number: Tensor
    features: Tensor

    def mean(self, kept: Tensor) -> Tensor:
        """Energies of children, 0 where their cell was suppressed: `(b, layers, factor², h, w)`."""
        return self.fractions * (self.total * kept)[:, :, None]


class Among(Residual):
    """A residual block among the places where cells were seen; 0 everywhere else."""

    def forward(self, x: Tensor, places: Places) -> Tensor:  # type: ignore[override]
        """`x` `(t, width)`, a row for each of the places."""
        return x + places.convolved(self.second, F.silu(places.convolved(self.first, x)))


class SplitNet(nn.Module):
    """Fractions, energies and number of particles of events on a plane.

    Parameters
    ----------
    factor : children along the side of a cell.
    sigma : noise of a cell in each layer, MeV.
    width : features per place.
    """

    sigma: Tensor

    def __init__(self, factor: int, sigma: tuple[float, ...], width: int = 96) -> None:
        super().__init__()
        self.factor, self.layers, self.width = factor, len(sigma), width
        self.register_buffer("sigma", torch.tensor(sigma)[:, None, None])
        self.channels = self.layers * factor**2
        self.enter = nn.Conv2d(CODES * self.layers, width, 3, padding=1)
        self.blocks = nn.ModuleList(Among(width, d) for d in DILATIONS)
        self.logits = _head(width, self.channels)
        self.energies = _head(width, 2 * self.layers)
        self.amplitudes = _head(width, 2 * self.channels)
        self.number = nn.Sequential(nn.Linear(2 * width, width), nn.SiLU(), nn.Linear(width, MOST))

    def forward(self, energies: Tensor, kept: Tensor) -> Split:
        """`energies` `(b, layers, h, w)` MeV and which of them were `kept` (bool)."""
        x = self.trunk(energies, kept)
        log_fractions = self._children(self.logits(x)).log_softmax(dim=2)
        fractions = log_fractions.exp()
        # Spreads are learned beside the mean, never at its cost: no gradient flows back.
        shift, log_spread = self.amplitudes(x.detach()).chunk(2, dim=1)
        moved, log_error = self.energies(x).chunk(2, dim=1)
        moved = REACH * torch.tanh(moved / REACH)
        seen = kept.any(dim=1, keepdim=True)
        return Split(
            fractions=fractions,
            log_fractions=log_fractions,
            total=(energies + self.sigma * moved).clamp_min(0),
            error=self.sigma * log_error.clamp(-4, 1).exp(),
            amplitude=fractions.detach().sqrt() + self._children(shift),
            spread=self._children(log_spread - 2).clamp(-6, 0).exp(),
            number=self.number(_pooled(x, seen)),
            features=x,
        )

    def trunk(self, energies: Tensor, kept: Tensor) -> Tensor:
        """Features `(b, width, h, w)`, 0 where no layer kept a cell."""
        places = Places.of(kept.any(dim=1, keepdim=True), DILATIONS)
        measured = energies * kept
        codes = [torch.asinh(measured / self.sigma) / 4, measured / GEV, kept.to(energies.dtype)]
        x = places.convolved(self.enter, places.rows(torch.cat(codes, dim=1)))
        for block in self.blocks:
            x = block(x, places)
        return places.maps(x)

    def _children(self, values: Tensor) -> Tensor:
        b, _, h, w = values.shape
        return values.reshape(b, self.layers, self.factor**2, h, w)


def _head(width: int, channels: int) -> nn.Sequential:
    last = nn.Conv2d(width, channels, 1)
    nn.init.zeros_(last.weight)
    nn.init.zeros_(last.bias)  # type: ignore[arg-type]
    return nn.Sequential(nn.Conv2d(width, width, 1), nn.SiLU(), last)


def _pooled(x: Tensor, seen: Tensor) -> Tensor:
    """Sum over places (in units of ten) and largest value of every feature, `(b, 2 · width)`."""
    largest = x.masked_fill(~seen, -torch.inf).flatten(2).amax(dim=2)
    return torch.cat([x.sum(dim=(2, 3)) / 10, torch.where(largest.isfinite(), largest, 0.0)], dim=1)
