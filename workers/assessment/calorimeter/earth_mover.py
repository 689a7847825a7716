"""How far energy would have to be carried to make one map another: Wasserstein-1, Euclidean."""

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from workers.events import Float

PARCELS = 400  # equal parcels the energy is carried in: each is assigned where it costs least
Array = NDArray[np.float64]


def earth_mover(fine: Float, truth: Float, pitch_mm: float, parcels: int = PARCELS) -> Array:
    """The distance of layer-summed maps normalised to 1, mm, for each event: `(n,)`.

    Maps `(n, layers, r, r)`. What both have stays; the rest is divided into equal parcels, and
    their assignment is solved exactly. Raises ValueError for a map without energy.
    """
    first, second = (_normalised(values) for values in (fine, truth))
    order = _curve(first.shape[-1])
    cells = np.unravel_index(order, first.shape[1:])
    places = np.asarray(np.column_stack(cells) * pitch_mm, np.float64)
    found = []
    for one, other in zip(first, second, strict=True):
        surplus = (one - other).ravel()[order]
        found.append(_carried(np.maximum(surplus, 0), np.maximum(-surplus, 0), places, parcels))
    return np.array(found)


def _normalised(values: Float) -> Array:
    summed = np.maximum(values.astype(np.float64).sum(axis=1), 0)
    total = summed.sum(axis=(1, 2), keepdims=True)
    if not (total > 0).all():
        raise ValueError("A map without any energy has no distance from another.")
    return np.asarray(summed / total, np.float64)


def _carried(source: Array, sink: Array, places: Array, parcels: int) -> float:
    mass = source.sum()
    if mass < 1e-12:
        return 0.0
    start, end = (places[_parcels(heap, parcels)] for heap in (source, sink))
    cost = np.hypot(*(start[:, None] - end).transpose(2, 0, 1))
    return float(mass * cost[optimize.linear_sum_assignment(cost)].mean())


def _parcels(heap: Array, parcels: int) -> NDArray[np.int64]:
    """Cells of equal parcels of `heap`, in its order, in which near cells follow each other."""
    middle = (np.arange(parcels) + 0.5) / parcels * heap.sum()
    cells: NDArray[np.int64] = np.searchsorted(np.cumsum(heap), middle)
    return np.minimum(cells, len(heap) - 1)


def _curve(rows: int) -> NDArray[np.int64]:
    """Cells of a square in the order of bits that row and column share (Morton's curve)."""
    row, column = (axis.ravel() for axis in np.indices((rows, rows)))
    code = np.zeros(rows * rows, np.int64)
    for bit in range(rows.bit_length()):
        code |= ((row >> bit) & 1) << (2 * bit + 1) | ((column >> bit) & 1) << (2 * bit)
    return np.argsort(code)
