"""The flow of calorimeter events: which way imagined fractions have to move to look real.

One token is a coarse cell with the children of all its layers as channels, ten times cheaper than a
token a child. What moves are whitened residuals of the amplitudes of `networks.splitnet`: what its
mean left out, over the spread it expected. Conditional flow matching on the path of
`networks.flownet`, whose fixed steps `integrate` takes.
"""

import torch
from torch import Tensor, nn

from workers.networks.flownet import FREQUENCIES, waves
from workers.networks.places import Places
from workers.networks.splitnet import Among, Split

DILATIONS = (1, 2, 1, 2)


class SplitFlow(nn.Module):
    """Velocity of the whitened residual of every child, `(b, children, h, w)`.

    Parameters
    ----------
    children : values per place that move: layers · factor².
    features : features per place of the network that conditions it.
    width : features per place of this network.
    """

    def __init__(self, children: int, features: int = 96, width: int = 64) -> None:
        super().__init__()
        self.channels, self.width = children, width
        self.given = nn.Conv2d(features + 2 * children, width, 3, padding=1)
        self.enter = nn.Conv2d(children, width, 3, padding=1)
        self.clock = nn.Sequential(
            nn.Linear(2 * FREQUENCIES, width), nn.SiLU(), nn.Linear(width, len(DILATIONS) * width)
        )
        self.blocks = nn.ModuleList(Among(width, d) for d in DILATIONS)
        self.leave = nn.Conv2d(width, children, 1)
        nn.init.zeros_(self.leave.weight)
        nn.init.zeros_(self.leave.bias)  # type: ignore[arg-type]

    def condition(self, split: Split, seen: Tensor) -> Tensor:
        """What every step is told, `(b, width + 1, h, w)`: features, and where cells were `seen`.

        `seen` `(b, 1, h, w)` is True where a layer kept a cell.
        """
        known = [split.features, split.amplitude.flatten(1, 2), split.spread.log().flatten(1, 2)]
        places = Places.of(seen, (1,))
        given = places.convolved(self.given, places.rows(torch.cat(known, dim=1)))
        return torch.cat([places.maps(given), seen.to(given.dtype)], dim=1)

    def forward(self, x: Tensor, angle: Tensor, given: Tensor) -> Tensor:
        """d x / d angle of residuals `x` `(b, children, h, w)` at `angle` `(b,)`, 0 to π/2."""
        places = Places.of(given[:, -1:] > 0, DILATIONS)
        y = places.convolved(self.enter, places.rows(x)) + places.rows(given[:, :-1])
        clocks = self.clock(waves(angle))[places.event()].chunk(len(DILATIONS), dim=1)
        for block, clock in zip(self.blocks, clocks, strict=True):
            y = block(y + clock, places)
        return places.maps(places.convolved(self.leave, y))
