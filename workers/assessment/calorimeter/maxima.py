"""Particles as local maxima of a layer-summed map: one reconstruction for every kind of map."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from workers.assessment.calorimeter.particles import Found
from workers.events import Float

Array = NDArray[np.float64]
RING = 1  # cells around a maximum that belong to it


def maxima(fine: Float, pitch_mm: float) -> Found:
    """Every cell higher than its eight neighbours, of maps `(n, layers, r, r)`.

    A particle lies in the centroid of its 3 × 3 cells; `mev` is their energy. Of equal neighbours
    the one that comes first in its row counts. `Found.above` then leaves out faint ones.
    """
    summed = np.maximum(fine.astype(np.float64).sum(axis=1), 0)
    top = ndimage.maximum_filter(summed, (1, 3, 3), mode="constant")
    highest = (summed == top) & (summed > 0) & ~_follows_an_equal(summed)
    event, row, column = np.nonzero(highest)
    box = _boxes(summed, event, row, column)
    energy = box.sum(axis=(1, 2))
    step = np.arange(-RING, RING + 1)
    middle = (summed.shape[-1] - 1) / 2
    x = (column - middle + (box * step).sum(axis=(1, 2)) / energy) * pitch_mm
    y = (row - middle + (box * step[:, None]).sum(axis=(1, 2)) / energy) * pitch_mm
    return Found(event=event, x_mm=x, y_mm=y, mev=energy, events=len(fine))


def _follows_an_equal(summed: Array) -> NDArray[np.bool_]:
    """Cells one of whose earlier neighbours is as high."""
    padded = np.pad(summed, ((0, 0), (1, 1), (1, 1)), constant_values=-1)
    rows, columns = summed.shape[1:]
    found = np.zeros(summed.shape, np.bool_)
    for down, right in ((0, 0), (0, 1), (0, 2), (1, 0)):
        found |= padded[:, down : down + rows, right : right + columns] == summed
    return found


def _boxes(
    summed: Array, event: NDArray[np.int64], row: NDArray[np.int64], column: NDArray[np.int64]
) -> Array:
    padded = np.pad(summed, ((0, 0), (RING, RING), (RING, RING)))
    along = np.arange(2 * RING + 1)
    rows, columns = row[:, None, None] + along[:, None], column[:, None, None] + along
    boxes: Array = padded[event[:, None, None], rows, columns]
    return boxes
