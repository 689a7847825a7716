"""How far the noise of a map is from Poisson: variance over mean, measured on the map itself."""

import math

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

WINDOW = 5  # pixels: where a neighbourhood of this size is flat, differences are noise
FLATTEST = 0.05  # share of the pairs taken as flat
MIN_PAIRS = 400
ENOUGH_PAIRS = 1000  # the ratio of so many pairs is known to some 5 %
BAND_ROWS = 256
PIXELS_ENOUGH = 2**22
LOWEST, HIGHEST = 0.4, 1.5  # a factor outside this is structure or bursts, not dead time


def variance_factor(values: NDArray[np.floating], mask: NDArray[np.bool_]) -> float:
    """The factor k of a channel whose counting noise has the variance k · mean.

    `values` (h, w) in counts, `mask` (h, w) True where measured. Dead time makes k < 1 (0.75 at
    700 counts in 15 ms), drift of the beam a little more than 1. Where no part of the map is flat
    enough to tell, k is 1, the Poisson value.
    """
    k = dispersion(values, mask)
    if not np.isfinite(k) or k > HIGHEST:
        return 1.0
    return max(k, LOWEST)


def dispersion(values: NDArray[np.floating], mask: NDArray[np.bool_]) -> float:
    """Variance over mean of the noise in the flattest part of the map; NaN where none is to tell.

    The pixels of one colour of a checkerboard choose the flat places, differences between pixels
    of the other colour measure the noise there. The noise of the two is independent, so choosing
    does not make the result smaller (it halves it when the same pixels do both).
    """
    found = [_band(values[band], mask[band]) for band in _bands(*values.shape)]
    differences, means, rough = (np.concatenate(parts) for parts in zip(*found, strict=True))
    if len(differences) < MIN_PAIRS or means.sum() <= 0:
        return float("nan")
    share = max(FLATTEST, ENOUGH_PAIRS / len(rough))
    flat = rough <= np.quantile(rough, min(share, 1.0))
    return _ratio(differences[flat], means[flat])


def _bands(height: int, width: int) -> list[slice]:
    """Bands of rows, spread evenly, that together hold at most some PIXELS_ENOUGH pixels."""
    every = max(1, math.ceil(height * width / PIXELS_ENOUGH))
    return [slice(top, top + BAND_ROWS) for top in range(0, height, BAND_ROWS * every)]


def _band(
    values: NDArray[np.floating], mask: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Differences, means and roughness of the pairs of one band of rows."""
    counts = np.where(mask, values, 0).astype(np.float64)
    height, width = counts.shape
    black = (np.arange(height)[:, None] + np.arange(width)) % 2 == 0
    return _pairs(counts, mask & ~black, _roughness(counts, mask & black))


def _roughness(counts: NDArray[np.float64], chosen: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Variance over mean of the chosen pixels around each pixel; inf where there are too few."""

    def around(quantity: NDArray[np.float64]) -> NDArray[np.float64]:
        mean: NDArray[np.float64] = ndimage.uniform_filter(quantity, WINDOW, mode="constant")
        return mean * WINDOW**2

    number = around(chosen.astype(np.float64))
    mean = around(np.where(chosen, counts, 0)) / np.maximum(number, 1)
    squares = around(np.where(chosen, counts**2, 0))
    variance = (squares - number * mean**2) / np.maximum(number - 1, 1)
    few = number < WINDOW**2 // 2 - 1.5  # rounding of the running sums is allowed for
    return np.where(few, np.inf, (np.maximum(variance, 0) + 0.1) / (mean + 0.1))


def _pairs(
    counts: NDArray[np.float64], usable: NDArray[np.bool_], roughness: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Differences, means and roughness of all pairs two columns, or two rows, apart."""
    differences, means, rough = [], [], []
    for axis in (0, 1):
        first = tuple(slice(None, -2) if i == axis else slice(None) for i in (0, 1))
        middle = tuple(slice(1, -1) if i == axis else slice(None) for i in (0, 1))
        second = tuple(slice(2, None) if i == axis else slice(None) for i in (0, 1))
        good = usable[first] & usable[second] & np.isfinite(roughness[middle])
        a, b = counts[first][good], counts[second][good]
        differences.append(a - b)
        means.append((a + b) / 2)
        rough.append(roughness[middle][good])
    return np.concatenate(differences), np.concatenate(means), np.concatenate(rough)


def _ratio(differences: NDArray[np.float64], means: NDArray[np.float64]) -> float:
    """Σ d² / Σ 2m without the few pairs, beyond 5 sigma, that an edge or a hot pixel spoils."""
    squares, doubled = differences**2, 2 * means
    ratio = squares.sum() / max(doubled.sum(), 1e-12)
    for _ in range(5):
        kept = squares <= 25 * (ratio * doubled + 1)
        ratio = squares[kept].sum() / max(doubled[kept].sum(), 1e-12)
    return float(ratio)
