"""What an electron image says of the detail inside cells: a local line from grey value to counts.

Around every cell a line is fitted from the coarse electron image to the coarse counts of an
element (the guided filter, He 2013); the fine electron image times its slope is the detail an
element has if the line also holds inside cells. Given as a mere picture beside the map, a guide is
ignored by a network.
"""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from workers.physics import LinearForwardModel
from workers.posteriors.cells import Cells, cell_basis, measured_gain

WINDOWS = (1.5, 4.0)  # standard deviations of the neighbourhood a line is fitted in, cells
REACH = math.ceil(3 * max(WINDOWS))  # cells: what is beyond is not looked at
LARGEST = 10.0  # in the units of a network's output
FLOOR = 1e-3  # of the guide's own variance: where it is flat it says nothing


def standardised(guide: Tensor, forward: LinearForwardModel) -> Tensor:
    """Grey values `(..., H, W)` scaled so that the coarse image has mean 0 and variance 1."""
    seen = forward.expected(guide)
    mean = seen.mean(dim=(-2, -1), keepdim=True)
    return (guide - mean) / (seen.std(dim=(-2, -1), keepdim=True) + 1e-6)


def explained_detail(y: Tensor, guide: Tensor, cells: Cells, forward: LinearForwardModel) -> Tensor:
    """The guide's proposals for each cell, one per window: `(b, e, windows, cell² + 1, h, w)`.

    y : counts (b, e, h, w); guide : grey values (b, H, W), `standardised`. The first cell² are what
    a network's mean would have to be (`posteriors.cells`) if the line held; the last is the share
    of the local variance that the line explains.
    """
    basis, gain = cell_basis(forward), measured_gain(forward.name, forward.factor)
    grey = basis.to_coefficients(guide)[:, None]
    seen = forward.expected(guide)[:, None]
    proposals = []
    for width in WINDOWS:
        slope, level, share = _line(y, seen, width)
        measured = (gain * (level - y))[:, :, None] / cells.unit[:, :, :1]
        unseen = slope[:, :, None] * grey[:, :, 1:] - cells.start[:, :, 1:]
        unseen = unseen / cells.unit[:, :, 1:]
        both = torch.cat([measured, unseen], dim=2).clamp(-LARGEST, LARGEST)
        proposals.append(torch.cat([both, share[:, :, None]], dim=2))
    return torch.stack(proposals, dim=2)


def contrast(guide: Tensor, forward: LinearForwardModel) -> Tensor:
    """The guide's own detail over its local spread, `(b, cell² − 1, h, w)`."""
    grey, seen = cell_basis(forward).to_coefficients(guide), forward.expected(guide)
    spread = _moment(seen.square(), WINDOWS[-1]) - _moment(seen, WINDOWS[-1]).square()
    scale = forward.factor * torch.sqrt(spread.clamp_min(0) + FLOOR)
    return (grey[:, 1:] / scale[:, None]).clamp(-LARGEST, LARGEST)


def _line(y: Tensor, seen: Tensor, width: float) -> tuple[Tensor, Tensor, Tensor]:
    """Slope, value and explained share of the local line, `(b, e, h, w)` each."""
    mean_y, mean_g = _moment(y, width), _moment(seen, width)
    var_g = (_moment(seen.square(), width) - mean_g.square()).clamp_min(0) + FLOOR
    var_y = (_moment(y.square(), width) - mean_y.square()).clamp_min(0)
    shared = _moment(y * seen, width) - mean_y * mean_g
    slope = shared / var_g
    share = shared.square() / (var_g * (var_y + 1e-6))
    return slope, mean_y + slope * (seen - mean_g), share


def _moment(x: Tensor, width: float) -> Tensor:
    """Gaussian mean over a neighbourhood, its border repeated; any leading axes."""
    reach = math.ceil(3 * width)
    at = torch.arange(-reach, reach + 1, dtype=x.dtype)
    kernel = torch.exp(-0.5 * (at / width).square())
    kernel = (kernel / kernel.sum()).to(x)
    flat = x.reshape(-1, 1, *x.shape[-2:])
    flat = F.pad(flat, (reach,) * 4, mode="replicate")
    flat = F.conv2d(flat, kernel[None, None, :, None])
    return F.conv2d(flat, kernel[None, None, None]).reshape(x.shape)
