"""How far to believe an electron image: a small network that corrects a regression by it.

The guide's proposals (`posteriors.guided.detail`) are mixed into the regression's mean with weights
the network chooses per cell and coefficient. It starts at weights of zero, the regression unguided,
and speaks in units of the spread that the regression expects: where that is sure, little moves.
"""

import torch
from torch import Tensor, nn

from workers.networks.cellnet import Residual

WINDOWS = 2
LARGEST = 5.0  # spreads: a proposal further away is as wrong as one that far
REACH = 1 + 2 * (1 + 2)  # cells: the first convolution and two blocks


class GuideNet(nn.Module):
    """Corrections of mean and log-sigma of every coefficient of every cell of every element.

    Parameters
    ----------
    cell : side of a cell in fine pixels.
    features : features per place of the regression.
    width : features per place of this network.
    """

    def __init__(self, cell: int, features: int = 64, width: int = 48) -> None:
        super().__init__()
        n = cell * cell
        self.cell, self.width = cell, width
        self.enter = nn.Conv2d(features + 2 * n + WINDOWS * (n + 1) + n - 1, width, 3, padding=1)
        self.blocks = nn.ModuleList(Residual(width, d) for d in (1, 2))
        self.leave = nn.Conv2d(width, (WINDOWS + 2) * n, 1)
        nn.init.zeros_(self.leave.weight)
        nn.init.zeros_(self.leave.bias)  # type: ignore[arg-type]

    def forward(
        self, features: Tensor, mean: Tensor, log_sigma: Tensor, proposals: Tensor, contrast: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Mean and log-sigma with the guide, `(b, e, cell², h, w)`, in the regression's units.

        features, mean, log_sigma `(b, e, ·, h, w)`: what the regression made of the map; proposals
        `(b, e, WINDOWS, cell² + 1, h, w)`; contrast `(b, cell² − 1, h, w)`.
        """
        b, e, n, h, w = mean.shape
        sigma = torch.exp(log_sigma)
        share = proposals[:, :, :, n:]
        pull = (proposals[:, :, :, :n] - mean[:, :, None]) / sigma[:, :, None]
        pull = share.clamp(0, 1) * pull.clamp(-LARGEST, LARGEST)
        told = torch.cat([pull, share], dim=3).flatten(2, 3)
        wide = contrast[:, None].expand(-1, e, -1, -1, -1)
        known = torch.cat([features, mean, log_sigma, told, wide], dim=2)
        x = self.enter(known.flatten(0, 1))
        for block in self.blocks:
            x = block(x)
        out = self.leave(x).reshape(b, e, WINDOWS + 2, n, h, w)
        moved = (out[:, :, :WINDOWS] * pull).sum(dim=2) + out[:, :, WINDOWS]
        return mean + sigma * moved, (log_sigma + out[:, :, WINDOWS + 1]).clamp(-7.0, 3.0)
