"""Intervals that hold on new specimens: conformal risk control, one specimen one vote."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def allowed_loss(specimens: int, alpha: float) -> float | None:
    """The mean loss over n specimens that promises α on the next: ((n + 1) α − 1)/n.

    From n/(n+1) · R̂ + 1/(n+1) ≤ α. None with fewer than (1 − α)/α specimens: no promise can be
    made.
    """
    allowed = ((specimens + 1) * alpha - 1) / specimens if specimens else -1.0
    return allowed if allowed >= -1e-12 else None


def conformal_scale(scores: Sequence[Array], alpha: float) -> float:
    """λ such that |x − x̂| ≤ λ·std on 1 − α of the pixels of a new specimen, on average.

    `scores`: for every held-out specimen its values of |x − x̂|/std, after the consistency layer.
    The promise is for specimens like these, not for each pixel, place or material. Raises
    ValueError with fewer than (1 − α)/α specimens (nine for α = 0.1).
    """
    allowed = allowed_loss(len(scores), alpha)
    if allowed is None:
        needed = int(np.ceil((1 - alpha) / alpha - 1e-9))
        raise ValueError(
            f"Calibrating {1 - alpha:.0%} intervals takes {needed} specimens; "
            f"there are {len(scores)}."
        )
    ordered = [np.sort(s) for s in scores]

    def loss(scale: float) -> float:
        outside = [1 - np.searchsorted(s, scale, side="right") / len(s) for s in ordered]
        return float(np.mean(outside))

    low, high = 0.0, max(float(s[-1]) for s in ordered)
    for _ in range(60):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if loss(middle) > allowed else (low, middle)
    return high
