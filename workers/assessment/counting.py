"""Scoring against counts: the truth of a real map is itself a draw.

A real map is noisy truth. Its counts are split at random into two independent halves (binomial
thinning: both are Poisson, Neufeld et al. 2024); one is measured, the other is what a predictive
distribution, its own Poisson noise included, is scored on.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import special

Array = NDArray[np.float64]
Counts = NDArray[np.int64]

_LEAST_MEAN = 1e-6
_LEAST_VARIANCE = 1e-9  # of the rate, relative to its square: below it is as good as known


def split_counts(counts: Counts, rng: np.random.Generator) -> tuple[Counts, Counts]:
    """Two independent halves of whole counts: each count falls to either by the toss of a coin."""
    first = rng.binomial(counts, 0.5)
    return first, counts - first


def randomised_pit(counts: Counts, mean: Array, std: Array, rng: np.random.Generator) -> Array:
    """u = F(n − 1) + v·(F(n) − F(n − 1)), uniform where the predictive is right (Smith 1985).

    The rate of a pixel is Gamma distributed with `mean` and `std`, counts; its counts are then
    negative binomial, which takes the Poisson noise in. Arrays of one shape.
    """
    mean = np.maximum(mean, _LEAST_MEAN)
    shape = 1 / np.maximum((std / mean) ** 2, _LEAST_VARIANCE)
    chance = shape / (shape + mean)
    # F(n) of it is the regularised incomplete beta function I(chance; shape, n + 1).
    upto = special.betainc(shape, counts + 1, chance)
    below = np.where(counts > 0, special.betainc(shape, np.maximum(counts, 1), chance), 0.0)
    return np.asarray(below + rng.random(counts.shape) * (upto - below))


def outerness(pit: Array) -> Array:
    """|2u − 1|: the level of the smallest central interval that holds the count, 0 to 1."""
    return np.asarray(np.abs(2 * pit - 1))
