"""Counts or amplitudes, and how noisy: by what neighbouring frames differ.

Counts differ by k times their mean, whatever they are; their roots by a constant. So the ratio of
variance to mean is level where pixels are faint and rises where the specimen differs (it adds
mean²), but falls with the mean for amplitudes.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

FAINT = 1e-3  # of the mean: pixels below this are hardly lit
MOST_FRAMES = 600  # are compared; more say no more
BINS = 30
AMPLITUDES_FALL = 0.4  # ratio at its least over that of the faintest pixels; measured: 0.08 to 0.19
COUNTS_FALL = 0.7  # measured: 0.99 to 1


class Noise(NamedTuple):
    """`factor` variance over mean; `fall` of that ratio from the faintest pixels to its least."""

    factor: float
    fall: float


def noise_of(frames: NDArray[Any], positions: NDArray[np.float64]) -> Noise | None:
    """From each frame and its nearest neighbour on the specimen; None where too little is lit."""
    chosen = np.unique(np.linspace(0, len(frames) - 1, MOST_FRAMES).astype(int))
    if len(frames) < 4:
        return None
    nearest = cKDTree(positions).query(positions[chosen], 2)[1]
    other = np.where(nearest[:, 0] == chosen, nearest[:, 1], nearest[:, 0])
    shape = frames.shape[1:]
    total, squares = np.zeros(shape), np.zeros(shape)
    for one, two in zip(chosen, other, strict=True):
        first, second = frames[one].astype(np.float64), frames[two].astype(np.float64)
        total += (first + second) / 2
        squares += (first - second) ** 2 / 2
    mean, variance = total.ravel() / len(chosen), squares.ravel() / len(chosen)
    lit = np.flatnonzero(total.ravel() > FAINT * total.mean())
    lit = lit[np.argsort(mean[lit])]
    if len(lit) < 4 * BINS:
        return None
    ratio = np.array(
        [variance[part].sum() / mean[part].sum() for part in np.array_split(lit, BINS)]
    )
    if not ratio.min() > 0:
        return None
    level = np.convolve(ratio, np.ones(3) / 3, mode="valid")
    return Noise(float(level.min()), float(level.min() / level[0]))


def are_roots(frames: NDArray[Any]) -> bool:
    """Whether the numbers are fractions whose squares are whole: roots of counts."""
    some = frames[:: max(1, len(frames) // 16)].astype(np.float64)
    fractions = np.abs(some - np.rint(some)) > 1e-3
    squares = some**2
    off = np.abs(squares - np.rint(squares)) > 1e-5 * np.maximum(squares, 1) + 1e-4
    return bool(fractions.mean() > 0.01 and off.mean() < 1e-3)


def are_whole(frames: NDArray[Any]) -> bool:
    """Whether all numbers are whole."""
    return frames.dtype.kind in "uib" or bool((frames == np.rint(frames)).all())
