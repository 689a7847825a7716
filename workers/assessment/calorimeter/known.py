"""Whether events look like those the networks were taught with, before anything is claimed.

Each event is told by a few numbers of what was measured; their Mahalanobis distance from those of
generated showers says how far it is from what was taught (`workers.assessment.familiarity`). It
only ever withdraws a claim: an event of other particles can look familiar.
"""

import numpy as np
from numpy.typing import NDArray

from workers.assessment.familiarity import Familiar, fit_familiar
from workers.events import Float
from workers.training.shower_scenes import Generated, measured, scenes

TAUGHT = 512  # generated events, one half of which sets the limit
ALARM = 0.005  # of generated events are called foreign
Array = NDArray[np.float64]


def told(energies: Float, kept: NDArray[np.bool_]) -> Array:
    """Energy, its shares in the layers and in the brightest cell, and kept cells, `(n, 5)`.

    Of measured maps `(n, layers, r, r)` in MeV.
    """
    seen = np.maximum(energies * kept, 0).astype(np.float64)
    total = np.maximum(seen.sum(axis=(1, 2, 3)), 1.0)
    shares = seen.sum(axis=(2, 3)) / total[:, None]
    return np.column_stack(
        [
            np.log(total),
            np.sqrt(shares[:, 0]),
            np.sqrt(shares[:, -1]),
            np.sqrt(seen.max(axis=(1, 2, 3)) / total),
            np.log1p(kept.sum(axis=(1, 2, 3))),
        ]
    )


def taught(factor: int, seed: int = 0) -> Familiar:
    """What generated events look like, and how far the furthest ALARM of them are."""
    rng = np.random.default_rng(seed)
    found = told(*measured(scenes(Generated(), TAUGHT, rng).fine, factor, rng))
    half = fit_familiar(found[::2])
    return Familiar(
        half.mean, half.precision, float(np.quantile(half.distance(found[1::2]), 1 - ALARM))
    )
