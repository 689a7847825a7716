"""Telling an electron image from an element map by its values alone."""

import numpy as np
from numpy.typing import NDArray

from workers.readers.dispersion import dispersion

CEILING_SHARE = 5e-4  # of the pixels exactly at the maximum: a converter that ran full
NOT_COUNTS = 3.0  # variance over mean: counts give 1, a video signal anything


def looks_like_video(values: NDArray[np.float32]) -> bool:
    """Whether a plane (h, w) looks like a detector's video signal rather than like counts.

    Two signs together: many pixels at exactly the largest value, where a converter ends (JEOL's
    ends at 2040 = 8 × 255) and counts do not, and a noise that is not that of counts.
    """
    mask = np.isfinite(values)
    if not mask.any():
        return False
    top = float(values[mask].max())
    if top < 100 or float((values == top).sum()) < CEILING_SHARE * mask.sum():
        return False
    ratio = dispersion(np.where(mask, values, 0), mask)
    return bool(np.isfinite(ratio) and (ratio > NOT_COUNTS or ratio < 1 / NOT_COUNTS))
