"""Whether probabilities of the number of particles can be believed."""

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

Array = NDArray[np.float64]
BINS = 10


def calibration_error(
    probability: Array, right: NDArray[np.bool_], weights: Array | None = None
) -> float:
    """Expected calibration error (Guo et al. 2017, arXiv 1706.04599), ten bins of equal width.

    `probability` `(n,)` that something is so, `right` whether it was; `weights` `(n,)`.
    """
    weights = np.ones(len(right)) if weights is None else weights
    place = np.minimum((probability * BINS).astype(np.int64), BINS - 1)
    gap = np.bincount(place, weights * (probability - right), BINS)
    return float(np.abs(gap).sum() / weights.sum())


def warmth(logits: Array, number: NDArray[np.int64]) -> float:
    """The temperature that makes probabilities of `number` `(n,)` = 1, 2, … most likely.

    `logits` `(n, most)`: those of probabilities will do.
    """

    def lost(log_warmth: float) -> float:
        warmed = logits / np.exp(log_warmth)
        norm = np.logaddexp.reduce(warmed, axis=1)
        return float((norm - warmed[np.arange(len(number)), number - 1]).mean())

    return float(np.exp(optimize.minimize_scalar(lost, bounds=(-1.5, 1.5), method="bounded").x))
