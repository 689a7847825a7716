"""Where to look next: the windows whose rescan would settle most features that may be false."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from workers.assessment.audit.windows import Mask, Window

Array = NDArray[np.float64]


def risk_mass(
    features: Mapping[str, NDArray[np.generic]], shape: tuple[int, int], factor: int
) -> Array:
    """Expected number of false features in each measured pixel `(h, w)`: the sum of their risks.

    `features`: the run's table, places in fine pixels.
    """
    mass = np.zeros(shape)
    y = (np.asarray(features["y"]).astype(int) // factor).clip(0, shape[0] - 1)
    x = (np.asarray(features["x"]).astype(int) // factor).clip(0, shape[1] - 1)
    np.add.at(mass, (y, x), np.asarray(features["risk"], np.float64))
    return mass


def propose(
    mass: Array, mask: Mask, taken: Sequence[Window], size: int, count: int
) -> list[tuple[Window, float]]:
    """Up to `count` windows of `size` measured pixels with what each is worth, the best first.

    Worth: the expected number of false features that rescanning the window would find out. Each
    next window is the best that overlaps none before it and none already `taken`; windows do not
    share features, so the greedy choice is the best for its first window and close to the best for
    all (a packing problem).
    """
    height, width = mask.shape
    if size > min(height, width):
        return []
    free = mask.copy()
    for window in taken:
        free[window.part()] = False
    worth = _sums(mass, size)
    open_ = _sums(free.astype(float), size) > size * size - 0.5
    chosen: list[tuple[Window, float]] = []
    while len(chosen) < count:
        candidates = np.where(open_, worth, -1.0)
        row, column = (int(i) for i in np.unravel_index(candidates.argmax(), worth.shape))
        if candidates[row, column] <= 0:
            break
        chosen.append((Window(row, column, size), float(worth[row, column])))
        first = (max(0, row - size + 1), max(0, column - size + 1))
        open_[first[0] : row + size, first[1] : column + size] = False
    return chosen


def _sums(values: Array, size: int) -> Array:
    """Sums over every window of `size` × `size`, by its first pixel."""
    total = np.pad(values.cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    return np.asarray(
        total[size:, size:] - total[:-size, size:] - total[size:, :-size] + total[:-size, :-size]
    )
