"""Counts made even: a scale on which the noise of bright and dark pixels is the same."""

import numpy as np
from numpy.typing import NDArray


def evened(counts: NDArray[np.float32]) -> NDArray[np.float32]:
    """2 √(n + ⅜) of counts n ≥ 0 (any shape): of unit variance from about four counts on.

    Anscombe, Biometrika 35, 246 (1948). Counts of a detector with a gain have another variance, but
    one that is as even.
    """
    return np.asarray(2 * np.sqrt(counts + 0.375), np.float32)
