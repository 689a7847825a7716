"""The network of the null-space flow: which way an imagined residual has to move to look real.

It lives on the grid of cells, as `networks.cellnet` does, and speaks of *whitened residuals*: what
the regression left out of each coefficient of a cell, over the spread the regression expected.
What the map shows reaches it as the regression's own features, computed once; only this small
network is asked again for every step of every sample.

All elements of a place move together: `Exchange` lets them look at each other on the way, so a
boundary that a sample imagines lies at the same place in every element. Only convolutions and
per-place operations are used, so a tile with a halo of `REACH` cells a step equals the whole.
"""

import math
from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn

from workers.networks.cellnet import Exchange, Residual

DILATIONS = (1, 2, 1)
REACH = 2 * sum(DILATIONS) + 2
FREQUENCIES = 4
Velocity = Callable[[Tensor, Tensor, Tensor], Tensor]  # of x, angle and what is given


class FlowNet(nn.Module):
    """Velocity of the whitened residual of every coefficient of every cell of every element.

    Parameters
    ----------
    cell : side of a cell in fine pixels.
    features : features per place of the regression that conditions it.
    width : features per place of this network.
    channels : values per place that move; the coefficients of a cell unless told otherwise.
    """

    def __init__(
        self, cell: int, features: int = 64, width: int = 48, channels: int | None = None
    ) -> None:
        super().__init__()
        n = channels or cell * cell
        self.cell, self.features, self.width = cell, features, width
        self.given = nn.Conv2d(features + 2 * cell * cell, width, 3, padding=1)
        self.enter = nn.Conv2d(n, width, 3, padding=1)
        self.clock = nn.Sequential(
            nn.Linear(2 * FREQUENCIES, width), nn.SiLU(), nn.Linear(width, len(DILATIONS) * width)
        )
        self.blocks = nn.ModuleList(Residual(width, d) for d in DILATIONS)
        self.exchanges = nn.ModuleList(Exchange(width, heads=8) for _ in DILATIONS[1:])
        self.leave = nn.Conv2d(width, n, 1)
        nn.init.zeros_(self.leave.weight)
        nn.init.zeros_(self.leave.bias)  # type: ignore[arg-type]

    def condition(self, features: Tensor, mean: Tensor, log_sigma: Tensor) -> Tensor:
        """What is known of every cell before any sample, `(b, e, width, h, w)`.

        features, mean and log_sigma are what `CellNet.trunk` and `.heads` gave, `(b, e, ·, h, w)`.
        """
        b, e = features.shape[:2]
        known = torch.cat([features, mean, log_sigma], dim=2).flatten(0, 1)
        given: Tensor = self.given(known)
        return given.reshape(b, e, *given.shape[1:])

    def forward(self, x: Tensor, angle: Tensor, given: Tensor) -> Tensor:
        """Velocity d x / d angle, `(b, e, channels, h, w)`.

        x : whitened residuals on their way, `(b, e, channels, h, w)`; angle : `(b,)`, from 0
        (noise) to π/2 (a sample); given : from `condition`.
        """
        b, e, n, h, w = x.shape
        y = self.enter(x.flatten(0, 1)) + given.flatten(0, 1)
        clocks = self.clock(waves(angle)).repeat_interleave(e, dim=0)[..., None, None]
        exchanges = iter(self.exchanges)
        for i, (block, clock) in enumerate(
            zip(self.blocks, clocks.chunk(len(DILATIONS), dim=1), strict=True)
        ):
            y = block(y + clock)
            if i < len(self.exchanges):
                y = next(exchanges)(y.reshape(b, e, -1, h, w)).flatten(0, 1)
        velocity: Tensor = self.leave(y)
        return velocity.reshape(b, e, n, h, w)


def waves(angle: Tensor) -> Tensor:
    """Sines and cosines of the angle, `(b,) -> (b, 2·FREQUENCIES)`."""
    each = angle[:, None] * torch.arange(1, FREQUENCIES + 1, device=angle.device)
    return torch.cat([torch.sin(each), torch.cos(each)], dim=1)


def integrate(net: Velocity, start: Tensor, given: Tensor, steps: int) -> Tensor:
    """From noise to whitened residuals in `steps` evaluations, `(b, e, cell², h, w)`."""
    for x in moving(net, start, given, steps):
        arrived = x
    return arrived


def moving(net: Velocity, start: Tensor, given: Tensor, steps: int) -> Iterator[Tensor]:
    """Where `start` is after each of `steps` evaluations on the way from noise to residuals.

    The path between noise z and residual r is cos a · z + sin a · r (Albergo & Vanden-Eijnden
    2022, trigonometric interpolant): where r is as Gaussian as z the velocity is zero, so the few
    steps are spent on what is not. Midpoint rule, whose midpoint is reached with the velocity of
    the step before; before the first it is 0, the mean of a whitened residual.
    """
    step = 0.5 * math.pi / steps
    x, velocity = start, torch.zeros_like(start)
    for i in range(steps):
        angle = torch.full((len(x),), (i + 0.5) * step, device=x.device, dtype=x.dtype)
        velocity = net(x + 0.5 * step * velocity, angle, given)
        x = x + step * velocity
        yield x
