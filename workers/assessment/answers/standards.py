"""Counts to wt% through standards of known composition: linear, element by element.

On a phase that nobody measured before, counts = b + S · wt%. The background b differs between
materials, and so does the sensitivity S (absorption, fluorescence), each as much as it does
between the standards. There is no matrix correction; what it would have done is part of the error.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

Array = NDArray[np.float64]

MATRIX_SCATTER = 0.05  # relative; where no element has two standards to tell it from
LEAST_WT = 1.0  # wt%: a standard with less says nothing of a slope
DRAWS = 4000
Z90 = float(special.ndtri(0.95))


@dataclass(frozen=True)
class Point:
    """`counts` ± `error` (one standard error) a pixel of a standard with `wt` % of `element`."""

    standard: str
    element: str
    wt: float
    counts: float
    error: float


@dataclass(frozen=True)
class Line:
    """counts = `background` + `slope` · wt%; the errors are those for a phase not measured yet."""

    slope: float  # counts per wt%
    slope_error: float
    background: float  # counts
    background_error: float
    standards: int  # that the slope comes from

    def wt(self, counts: Array, half: Array) -> tuple[Array, Array, Array]:
        """wt% and the ends of its 90 % interval; `counts` ± `half` is a 90 % interval, any shape.

        Slope and background are drawn anew for every draw of the counts. Nothing is below 0 wt%.
        """
        rng = np.random.default_rng(0)
        shape = (DRAWS, *np.shape(counts))
        drawn = rng.normal(counts, np.asarray(half) / Z90, shape)
        drawn -= rng.normal(self.background, self.background_error, shape)
        # Ten standard deviations and more from zero; the bound is for standards worth nothing.
        drawn /= rng.normal(self.slope, self.slope_error, shape).clip(0.05 * self.slope)
        lower, upper = np.quantile(drawn, [0.05, 0.95], axis=0)
        value = (counts - self.background) / self.slope
        return value.clip(0), lower.clip(0), upper.clip(0)


def fit_lines(points: Sequence[Point]) -> tuple[dict[str, Line], float]:
    """The line of every element of which a standard has enough, and the relative scatter used.

    Slopes of one element differ between standards by more than counting explains: that scatter,
    pooled over the elements with two standards or more, is what a new phase may be off by.
    """
    by_element: dict[str, list[Point]] = {}
    for point in points:
        by_element.setdefault(point.element, []).append(point)
    backgrounds = {element: _background(found) for element, found in by_element.items()}
    slopes = {
        element: _slopes(found, *backgrounds[element])
        for element, found in by_element.items()
        if any(point.wt >= LEAST_WT for point in found)
    }
    scatter = _scatter(list(slopes.values()))
    lines = {
        element: _line(*found, *backgrounds[element], scatter) for element, found in slopes.items()
    }
    return {element: line for element, line in lines.items() if line.slope > 0}, scatter


def _background(points: Sequence[Point]) -> tuple[float, float]:
    """Counts without the element, and how much they differ between standards without it."""
    without = [point for point in points if point.wt == 0]
    counts = np.array([point.counts for point in without])
    if not without:
        return 0.0, 0.0
    spread = counts.std(ddof=1) if len(counts) > 1 else counts[0]
    return float(counts.mean()), float(np.hypot(spread, without[0].error))


def _slopes(points: Sequence[Point], background: float, error: float) -> tuple[Array, Array]:
    """Counts per wt% of every standard that tells, and the error of each from its counts alone."""
    telling = [point for point in points if point.wt >= LEAST_WT]
    wt = np.array([point.wt for point in telling])
    counts = np.array([point.counts for point in telling])
    errors = np.array([point.error for point in telling])
    return (counts - background) / wt, np.hypot(errors, error) / wt


def _scatter(slopes: Sequence[tuple[Array, Array]]) -> float:
    """Relative standard deviation of a slope between materials, counting taken off."""
    several = [(slope, error) for slope, error in slopes if len(slope) > 1 and slope.mean() > 0]
    if not several:
        return MATRIX_SCATTER
    squares = sum(float(np.square(slope / slope.mean() - 1).sum()) for slope, _ in several)
    counting = sum(float(np.square(error / slope.mean()).mean()) for slope, error in several)
    freedom = sum(len(slope) - 1 for slope, _ in several)
    return float(np.sqrt(max(squares / freedom - counting / len(several), 0.0)))


def _line(
    slopes: Array, errors: Array, background: float, background_error: float, scatter: float
) -> Line:
    variance = np.square(errors) + np.square(scatter * slopes.mean())
    weight = 1 / np.maximum(variance, 1e-12)
    slope = float(weight @ slopes / weight.sum())
    error = float(np.sqrt(1 / weight.sum() + (scatter * slope) ** 2))
    return Line(slope, error, background, background_error, len(slopes))
