"""What a user would do instead: interpolation, back-projection, Gaussian and total variation.

Filters get the strength that is best against the truth, element by element: an oracle no user
has, so a rival is never weaker here than in use. Values are counts of the measurement.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np
from scipy.ndimage import gaussian_filter, map_coordinates, zoom

from tests.benchmarks.protocol import Values, sample

Score = Callable[[Values], Values]  # an estimate (c, H, W) -> its PSNR (c,)
Filter = Callable[[Values, float], Values]  # a fine map (c, H, W) and a strength

BACK_PROJECTIONS = 20
TV_ITERATIONS = 60
GAUSSIAN_SIGMAS = (0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.4, 1.7, 2.0)
TV_WEIGHTS = (0.35, 0.5, 0.6, 0.7, 0.85, 1.1)
TV_JOINT_WEIGHTS = (0.8, 1.0, 1.2, 1.5, 1.8)


def bicubic(measured: Values, factor: int) -> Values:
    """Cubic-spline enlargement of block means `(c, h, w)`, pixel areas aligned."""
    _, h, w = measured.shape
    return np.asarray(_enlarging(h, factor) @ measured @ _enlarging(w, factor).T)


@lru_cache(maxsize=8)
def _enlarging(length: int, factor: int) -> Values:
    """The enlargement of one axis as a matrix: twenty back-projections then cost seconds."""
    unit = np.eye(length)
    return np.asarray(zoom(unit, (factor, 1), order=3, mode="nearest", grid_mode=True))


def back_projected(measured: Values, factor: int) -> Values:
    """Bicubic, then corrected until block means return the measurement, exactly and positive."""
    estimate = bicubic(measured, factor)
    for _ in range(BACK_PROJECTIONS):
        misfit = measured - sample(estimate, factor, "binned")
        estimate = np.maximum(estimate + bicubic(misfit, factor), 0)
    means = sample(estimate, factor, "binned")
    scale = np.divide(measured, means, out=np.ones_like(means), where=means > 0)
    return estimate * np.kron(scale, np.ones((1, factor, factor)))


def bilinear_from_points(measured: Values, factor: int) -> Values:
    """Bilinear between samples that lie at `[0::factor]`, held constant beyond the last one."""
    _, h, w = measured.shape
    places = np.indices((h * factor, w * factor)) / factor
    return np.stack([map_coordinates(m, places, order=1, mode="nearest") for m in measured])


def gaussian(measured: Values, strength: float) -> Values:
    """Gaussian filter of a fine map; `strength` is sigma in pixels."""
    return np.asarray(gaussian_filter(measured, (0, strength, strength), mode="reflect"))


def total_variation(measured: Values, strength: float, joint: bool = False) -> Values:
    """Total variation of the Anscombe-transformed counts, by primal-dual iterations.

    The transform gives every pixel the same noise. `joint` couples the elements: one gradient
    length over all of them, so that they share their edges (Chambolle & Pock 2011).
    """
    stable = 2 * np.sqrt(measured.astype(np.float32) + np.float32(0.375))
    axes = (0, 1) if joint else (0,)
    step = np.float32(1 / np.sqrt(8))
    x, ahead = stable, stable
    dual = np.zeros((2, *stable.shape), np.float32)
    for _ in range(TV_ITERATIONS):
        dual += step * _gradient(ahead)
        length = np.sqrt((dual**2).sum(axes, keepdims=True))
        dual /= np.maximum(1, length / np.float32(strength))
        new = (x + step * (_divergence(dual) + stable)) / (1 + step)
        ahead, x = 2 * new - x, new
    return _unbiased_inverse(x.astype(float))


def joint_total_variation(measured: Values, strength: float) -> Values:
    """`total_variation` whose elements share their edges."""
    return total_variation(measured, strength, joint=True)


def best_strengths(
    filtered: Filter, strengths: Sequence[float], measured: Values, score: Score
) -> Values:
    """The strength with the best score for each element, `(c,)`; one for all where coupled."""
    scores = np.stack([score(filtered(measured, strength)) for strength in strengths])
    if filtered is joint_total_variation:
        scores[:] = scores.mean(1, keepdims=True)
    return np.asarray(strengths)[scores.argmax(0)]


def with_strengths(filtered: Filter, strengths: Values, measured: Values) -> Values:
    """Filter every element `(c, h, w)` at its own strength."""
    made = np.empty(measured.shape)
    for strength in np.unique(strengths):
        chosen = strengths == strength
        made[chosen] = filtered(measured[chosen], float(strength))
    return made


def _gradient(x: Values) -> Values:
    steps = np.zeros((2, *x.shape), x.dtype)
    steps[0, :, :-1] = x[:, 1:] - x[:, :-1]
    steps[1, :, :, :-1] = x[:, :, 1:] - x[:, :, :-1]
    return steps


def _divergence(dual: Values) -> Values:
    """Minus the adjoint of `_gradient`."""
    total = np.zeros_like(dual[0])
    total[:, :-1] += dual[0, :, :-1]
    total[:, 1:] -= dual[0, :, :-1]
    total[:, :, :-1] += dual[1, :, :, :-1]
    total[:, :, 1:] -= dual[1, :, :, :-1]
    return total


def _unbiased_inverse(stable: Values) -> Values:
    """The closed form of the exact unbiased inverse (Makitalo & Foi 2011)."""
    v = np.maximum(stable, 2 * np.sqrt(0.375))
    root = np.sqrt(1.5)
    return np.maximum(v**2 / 4 + root / 4 / v - 11 / 8 / v**2 + 5 / 8 * root / v**3 - 1 / 8, 0)
