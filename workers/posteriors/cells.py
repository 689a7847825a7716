"""From a measured map to the coefficients of its cells, and what one network says of them.

The network never sees counts: inputs are divided by a smooth local scale and its outputs are
multiplied back, coefficient 0 (the measured one) in units of its counting error.
"""

import math
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor
from torch.nn import functional as F

from workers.device import asked
from workers.networks.cellnet import CellNet, counting_error, local_scale
from workers.physics import CellModel, LinearForwardModel

# Interpolation that fits how the beam sampled a cell, as (rows, columns):
# "centred" for an average over the cell, "corner" for a value at its first pixel.
_PLACEMENT = {
    "binned": ("centred", "centred"),
    "psf": ("centred", "centred"),
    "point": ("corner", "corner"),
    "line": ("corner", "centred"),
}


@dataclass(frozen=True)
class Cells:
    """A measured map made ready for a network; every tensor `(b, e, ·, h, w)`, counts.

    start : coefficients of an interpolated starting image, coefficient 0 being the measurement
        where the operator pins it; scale : local scale; error : counting error of a cell.
    """

    start: Tensor
    scale: Tensor
    error: Tensor
    unit: Tensor  # what an output of 1 means for each coefficient, (b, e, cell², h, w)
    operator: str


def cell_basis(forward: LinearForwardModel) -> CellModel:
    """The model whose orthonormal cell basis the network speaks for this operator.

    Cell operators bring their own; a beam that reaches beyond its cell borrows the block
    transform, and its measured part is settled by the consistency layer alone.
    """
    return forward if isinstance(forward, CellModel) else CellModel("binned", forward.factor)


def cells_of(y: Tensor, forward: LinearForwardModel) -> tuple[int, int]:
    """Rows and columns of cells of counts `y` (..., h, w)."""
    step = _step(forward)
    return y.shape[-2] // step, y.shape[-1] // step


def measured(y: Tensor, window: tuple[slice, slice], forward: LinearForwardModel) -> Tensor:
    """The part of counts `y` (e, h, w) in `window`, given in cells; as a batch of one."""
    step = _step(forward)
    return y[None, :, *(slice(s.start * step, s.stop * step) for s in window)]


def _step(forward: LinearForwardModel) -> int:
    """Measured pixels along a cell: 2 if the map is fine."""
    return cell_basis(forward).block // forward.factor


def interpolate(y: Tensor, operator: str, factor: int) -> Tensor:
    """Bicubic interpolation aligned to the operator, `(n, 1, h, w) -> (n, 1, f·h, f·w)`."""
    rows, columns = _PLACEMENT[operator]
    tall = _interpolate_axis(y, rows, factor)
    return _interpolate_axis(tall.transpose(-1, -2), columns, factor).transpose(-1, -2)


def _interpolate_axis(y: Tensor, placement: str, factor: int) -> Tensor:
    h, w = y.shape[-2:]
    if placement == "centred":
        return F.interpolate(y, size=(factor * h, w), mode="bicubic", align_corners=False)
    # One replicated row makes the grid of `factor` steps end exactly on a sample.
    longer = F.pad(y, (0, 0, 0, 1), mode="replicate")
    return F.interpolate(longer, size=(factor * h + 1, w), mode="bicubic", align_corners=True)[
        ..., :-1, :
    ]


def prepare(y: Tensor, forward: LinearForwardModel, variance_factor: Tensor) -> Cells:
    """Ready a batch of maps `y` (b, e, h, w), counts, for a network.

    `variance_factor` broadcasts against `(b, e, 1, 1)`. Fine maps must have even sides.
    """
    b, e, h, w = y.shape
    flat = y.reshape(b * e, 1, h, w)
    factor = variance_factor.expand(b, e, 1, 1).reshape(b * e, 1, 1, 1)
    if forward.name == "fine":
        coarse, image = F.avg_pool2d(flat, 2), flat
    else:
        coarse, image = flat, interpolate(flat, forward.name, forward.factor)
    scale, error = local_scale(coarse), counting_error(coarse, factor)
    start = cell_basis(forward).to_coefficients(image[:, 0])
    unit = scale.expand_as(start).clone()
    pinned = forward.name in ("binned", "point", "line")
    if pinned:
        gain = measured_gain(forward.name, forward.factor)
        start = torch.cat([flat * gain, start[:, 1:]], dim=1)
        unit[:, :1] = error * gain
    shape = (b, e, -1, *start.shape[-2:])
    return Cells(
        start.reshape(shape),
        scale.reshape(shape),
        error.reshape(shape),
        unit.reshape(shape),
        forward.name,
    )


def measured_gain(operator: str, factor: int) -> float:
    """Coefficient 0 of a cell over its measured value: one over the norm of the functional."""
    return {"binned": float(factor), "line": math.sqrt(factor), "point": 1.0}[operator]


@dataclass(frozen=True)
class Seen:
    """What one network made of a map, `(b, e, ·, h, w)`, in its own units."""

    features: Tensor
    mean: Tensor
    log_sigma: Tensor


def look(net: CellNet, cells: Cells) -> Tensor:
    """Run the trunk of the network over every cell, `(b, e, width, h, w)`."""
    relative = cells.error / cells.scale
    noise = torch.cat([relative, 0.25 * torch.log(relative)], dim=2)
    trunk = partial(net.trunk, operator=cells.operator)
    return asked(net, trunk, cells.start / (net.cell * cells.scale), noise)


def see(net: CellNet, cells: Cells) -> Seen:
    """Run the network over every cell."""
    features = look(net, cells)
    mean, log_sigma = asked(net, net.heads, features)
    return Seen(features, mean, log_sigma)


def in_counts(seen: Seen, cells: Cells) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of every coefficient, counts, `(b, e, cell², h, w)` each."""
    mean = cells.start + cells.unit * seen.mean.float()
    return mean, cells.unit * torch.exp(seen.log_sigma.float())


def predict(net: CellNet, cells: Cells) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of every coefficient that a network sees in `cells`, counts."""
    return in_counts(see(net, cells), cells)
