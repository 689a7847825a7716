"""Unmeasured pixels."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt


def fill_unmeasured(
    values: NDArray[np.floating[Any]], mask: NDArray[np.bool_]
) -> NDArray[np.floating[Any]]:
    """Every unmeasured pixel gets the value of the nearest measured one, `(c, h, w)`.

    For steps that need a full rectangle; nothing may be concluded about the pixels filled.
    """
    if mask.all() or not mask.any():
        return values
    nearest = distance_transform_edt(~mask, return_distances=False, return_indices=True)
    return np.asarray(values[:, nearest[0], nearest[1]])
