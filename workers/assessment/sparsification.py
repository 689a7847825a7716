"""Does an uncertainty rank the errors? Leave out the most uncertain pixels and see what remains.

Sparsification: with the share φ of highest score left out, how large is the mean error of the rest?
A perfect ranking leaves out the largest errors first. AUSE is the area between the two curves over
the mean error (Ilg et al. 2018, arXiv 1802.07095): 0 is a perfect ranking, and a score that knows
nothing has the area under the perfect curve against 1.
"""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_STEPS = 100


def remaining_error(error: Array, score: Array) -> Array:
    """Mean of `error` (n,), over its mean, with 0, 1, … 99 % of the highest `score` left out."""
    ordered = error[np.argsort(score, kind="stable")]  # the highest scores last
    kept = np.maximum((len(error) * (1 - np.arange(_STEPS) / _STEPS)).round().astype(int), 1)
    return np.asarray(np.cumsum(ordered)[kept - 1] / kept / error.mean())


def ause(error: Array, score: Array) -> float:
    """Area under the sparsification error of `score` for |error| (n,); 0 is a perfect ranking.

    Raises ValueError where there is nothing to rank: no pixel, or no error.
    """
    if len(error) == 0 or error.max() <= 0:
        raise ValueError("There is no error to rank.")
    return float(np.mean(remaining_error(error, score) - remaining_error(error, error)))
