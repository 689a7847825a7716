"""Scores of a posterior against a truth. Arrays of any shape; the sample axis comes first."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Array = NDArray[np.float64]


def coverage(lower: Array, upper: Array, truth: Array) -> float:
    """Share of the truth inside the interval."""
    return float(np.mean((truth >= lower) & (truth <= upper)))


def coverage_of_extremes(count: int) -> float:
    """How often a truth lies between the least and the most of `count` samples like it."""
    return (count - 1) / (count + 1)


def fair_crps(samples: Array, truth: Array) -> float:
    """Continuous ranked probability score, unbiased for a finite ensemble, `(k, ...)`, k ≥ 2.

    E|x_k − truth| − ½ E|x_k − x_l| over different k and l (Ferro 2014); same units as the truth.
    """
    count = len(samples)
    if count < 2:
        raise ValueError("The fair CRPS takes at least two samples.")
    error = np.abs(samples - truth).mean()
    ordered = np.sort(samples, axis=0)
    rank = (2 * np.arange(1, count + 1) - count - 1).reshape(-1, *[1] * truth.ndim)
    spread = (rank * ordered).sum(axis=0).mean() / (count * (count - 1))
    return float(error - spread)


def gaussian_crps(mean: Array, std: Array, truth: Array) -> float:
    """Continuous ranked probability score of a Gaussian marginal (Gneiting and Raftery 2007)."""
    z = (truth - mean) / std
    each = z * (2 * stats.norm.cdf(z) - 1) + 2 * stats.norm.pdf(z) - 1 / np.sqrt(np.pi)
    return float((std * each).mean())


def level_error(level: Array) -> float:
    """Expected calibration error of a regression: mean over p of |share within level p − p|.

    `level`: for every truth the level of the smallest central interval that holds it (uniform
    where marginals are right); p runs over 5, 10, … 95 % (Kuleshov et al. 2018).
    """
    asked = np.arange(0.05, 0.96, 0.05)
    found = np.searchsorted(np.sort(level), asked, side="right") / len(level)
    return float(np.abs(found - asked).mean())


def rank_histogram(samples: Array, truth: Array, rng: np.random.Generator) -> Array:
    """Share of truths at each rank among k samples, `(k + 1,)`; flat for a right posterior.

    Ties, as between empty pixels, are broken by chance.
    """
    below, level = (samples < truth).sum(axis=0), (samples == truth).sum(axis=0)
    ranks = below + rng.integers(0, level + 1)
    return np.bincount(ranks.ravel(), minlength=len(samples) + 1) / truth.size


def extreme_rank_mass(samples: Array, truth: Array, rng: np.random.Generator) -> float:
    """Share of truths outside all samples; 2/(k + 1) for a right posterior."""
    histogram = rank_histogram(samples, truth, rng)
    return float(histogram[0] + histogram[-1])


def probability_error(probability: Array, event: NDArray[np.bool_], bins: int = 10) -> float:
    """Expected calibration error: mean |share of events − probability| over equally full bins."""
    if len(probability) == 0:
        raise ValueError("There is no probability to score.")
    order = np.argsort(probability, kind="stable")
    error = 0.0
    for part in np.array_split(order, min(bins, len(order))):
        error += len(part) * abs(float(event[part].mean() - probability[part].mean()))
    return error / len(order)


def auroc(score: Array, event: NDArray[np.bool_]) -> float:
    """Chance that an event scores above a non-event, ties half; 0.5 where one of them lacks."""
    positive = int(event.sum())
    negative = len(event) - positive
    if positive == 0 or negative == 0:
        return 0.5
    ranks: NDArray[Any] = stats.rankdata(score)
    above = float(ranks[event].sum()) - positive * (positive + 1) / 2
    return above / (positive * negative)
