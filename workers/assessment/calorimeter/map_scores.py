"""How far a fine map is from the truth, per event, so that a set can be resampled."""

import numpy as np
from numpy.typing import NDArray

from workers.events import Float

Array = NDArray[np.float64]


def children(kept: NDArray[np.bool_], factor: int) -> NDArray[np.bool_]:
    """Fine cells of kept coarse cells: `(n, layers, r, r) -> (n, layers, r · f, r · f)`."""
    return kept.repeat(factor, axis=-2).repeat(factor, axis=-1)


def squared_errors(fine: Float, truth: Float) -> tuple[Array, Array]:
    """Σ (fine − truth)² and Σ truth² of each event, MeV², `(n,)` each."""
    axes = tuple(range(1, truth.ndim))
    error = (fine.astype(np.float64) - truth) ** 2
    return error.sum(axis=axes), (truth.astype(np.float64) ** 2).sum(axis=axes)


def relative_rmse(fine: Float, truth: Float, weights: Array | None = None) -> float:
    """‖fine − truth‖ / ‖truth‖ over all events, which `weights` `(n,)` may weigh."""
    error, power = squared_errors(fine, truth)
    weights = np.ones(len(truth)) if weights is None else weights
    return float(np.sqrt((weights * error).sum() / (weights * power).sum()))


def total_variation(fine: Float, truth: Float) -> Array:
    """½ Σ |fine − truth| / Σ truth of each event, `(n,)`."""
    axes = tuple(range(1, truth.ndim))
    return np.asarray(0.5 * np.abs(fine - truth).sum(axis=axes) / truth.sum(axis=axes), np.float64)
