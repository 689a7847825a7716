"""What the counts alone allow a pixel to be, if all that is known is that nothing is negative.

A fine pixel that a measured pixel sees with weight w cannot hold more than the whole of what was
measured over w, and (unless it is seen alone) may hold nothing. How much narrower the interval
shown is, is what a prior supplied: *prior reliance* = 1 − width shown / width prior-free.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import special
from torch import Tensor

from workers.physics import LinearForwardModel

Array = NDArray[np.float64]

_HALF = 8  # measured pixels around an impulse: further than any operator here reaches


def counting_interval(y: Array, variance_factor: float, level: float) -> tuple[Array, Array]:
    """Exact central interval of a Poisson mean given its count (Garwood 1936), `y` of any shape.

    With a variance factor φ, y/φ counts as Poisson with mean/φ, as everywhere in the noise model.
    """
    values, inverse = np.unique(y, return_inverse=True)  # counts are few, pixels are many
    seen, tail = np.maximum(values, 0) / variance_factor, (1 - level) / 2
    upper = variance_factor * special.gammaincinv(seen + 1, 1 - tail)
    positive = np.where(seen > 0, seen, 1.0)
    lower = np.where(seen > 0, variance_factor * special.gammaincinv(positive, tail), 0.0)
    return lower[inverse].reshape(y.shape), upper[inverse].reshape(y.shape)


def prior_free_interval(
    y: Tensor, model: LinearForwardModel, variance_factor: Tensor, level: float = 0.9
) -> tuple[Tensor, Tensor]:
    """Bounds of every fine pixel, counts, `(c, h, w) -> (c, H, W)` twice; ∞ where nothing looked.

    `level` holds for each bound by itself, through the measured pixel that sees the fine one best.
    """
    factors = variance_factor.expand(len(y)).tolist()
    each = [
        counting_interval(v, phi, level)
        for v, phi in zip(y.double().cpu().numpy(), factors, strict=True)
    ]
    low, high = (np.stack(side) for side in zip(*each, strict=True))
    f, (h, w) = model.factor, y.shape[-2:]
    lower, upper = np.zeros((len(y), h * f, w * f)), np.full((len(y), h * f, w * f), np.inf)
    for (row, column), (weight, up, left) in _best_seen(model).items():
        place = (slice(None), slice(row, None, f), slice(column, None, f))
        if weight > 0:
            upper[place] = _shifted(high, up, left) / weight
        if weight > 1 - 1e-9:
            lower[place] = _shifted(low, up, left)
    return torch.from_numpy(lower).to(y), torch.from_numpy(upper).to(y)


def prior_reliance(width: Tensor, lower: Tensor, upper: Tensor) -> Tensor:
    """1 − `width` of the interval shown over that of the prior-free one, 0 to 1, same shape."""
    share: Tensor = 1 - width / (upper - lower).clamp_min(torch.finfo(width.dtype).tiny)
    return share.clamp(0, 1)


def _best_seen(model: LinearForwardModel) -> dict[tuple[int, int], tuple[float, int, int]]:
    """For every place in a cell: the largest weight any measured pixel sees it with, and where
    that pixel lies, in measured pixels from the cell."""
    f, size = model.factor, 2 * _HALF + 1
    impulse = torch.zeros(size, size, dtype=torch.float64)
    impulse[_HALF, _HALF] = 1
    # Weight of fine pixel (row, column) of cell (i, j) in the pixel at the middle.
    weights = model.adjoint(impulse).numpy().reshape(size, f, size, f)
    found = {}
    for row in range(f):
        for column in range(f):
            part = weights[:, row, :, column]
            i, j = np.unravel_index(int(part.argmax()), part.shape)
            found[row, column] = (float(part[i, j]), _HALF - int(i), _HALF - int(j))
    return found


def _shifted(values: Array, up: int, left: int) -> Array:
    """`values[..., y + up, x + left]`, the border repeated."""
    rows = np.clip(np.arange(values.shape[-2]) + up, 0, values.shape[-2] - 1)
    columns = np.clip(np.arange(values.shape[-1]) + left, 0, values.shape[-1] - 1)
    return values[..., rows[:, None], columns[None, :]]
