"""Rescanned counts against what a run predicts of them, their own counting noise included.

Truth is never seen without noise, so intervals are judged on counts: a pixel whose truth is
distributed around the estimate x̂ with the standard deviation σ counts, in a rescan of ρ times the
dwell, with the mean ρ x̂ and the variance φ ρ x̂ + ρ² σ² (φ the variance factor of the detector).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from workers.assessment.counting import randomised_pit

Array = NDArray[np.float64]

LEVEL = 0.9  # of the intervals that are judged
NOMINAL = float(special.ndtri(0.5 + LEVEL / 2))  # standard deviations of it: 1.645
_CERTAIN = 1e-15


@dataclass(frozen=True)
class Prediction:
    """What a run says of the pixels of one window; `(c, ...)`, counts per measured dwell."""

    estimate: Array
    sigma: Array  # half of the 90 % interval, over 1.645

    def of_counts(self, ratio: float, factors: Array) -> tuple[Array, Array]:
        """Mean and variance of the counts of a rescan of `ratio` times the measured dwell.

        `factors` (c,): variance over mean of the detector's counting noise.
        """
        mean = np.maximum(ratio * self.estimate, 1e-9)
        counting = factors.reshape(-1, *[1] * (mean.ndim - 1)) * mean
        return mean, counting + (ratio * self.sigma) ** 2


def scores(counts: Array, mean: Array, variance: Array, rng: np.random.Generator) -> Array:
    """How far out counts lie, in standard deviations: |Φ⁻¹(u)| of their randomised PIT u.

    It is below 1.645 for nine in ten counts of a right prediction, however few they are (Czado,
    Gneiting and Held 2009). Counts steadier than Poisson (dead time) are taken as Poisson: then
    intervals hold a little more than is said.
    """
    spread = np.sqrt(np.maximum(variance - mean, 0))  # of the rate; the rest is Poisson
    pit = randomised_pit(counts.astype(np.int64), mean, spread, rng)
    return np.asarray(np.abs(special.ndtri(np.clip(pit, _CERTAIN, 1 - _CERTAIN))))
