"""How plainly the measurement sees a feature: d = ‖Σ^(-1/2) A f‖, in standard deviations.

f is a Gaussian blob of 1.26 times the feature's scale, as high as its blob response says. A
feature with d below about 3 could be removed without the measured counts noticing.
"""

from functools import lru_cache
from math import ceil, sqrt

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from workers.assessment.blobs import OUTER
from workers.assessment.features import Features
from workers.physics import LinearForwardModel

Array = NDArray[np.float64]

_WIDTH2 = OUTER  # squared sigma of the blob per squared scale: between the two Gaussians
# What a blob of height 1 answers at its centre, the same at every scale.
_ANSWER = _WIDTH2 / (_WIDTH2 + 1) - _WIDTH2 / (_WIDTH2 + OUTER**2)


@lru_cache(maxsize=64)
def _seen(model: LinearForwardModel, scale: float) -> Array:
    """‖A f‖ of a blob of height 1, for each place of its centre in a cell: `(f, f)`."""
    f, sigma = model.factor, sqrt(_WIDTH2) * scale
    around = ceil(4 * sigma / f) + 4
    place = torch.arange((2 * around + 1) * f, dtype=torch.float64)
    centres = around * f + torch.arange(f, dtype=torch.float64)
    line = torch.exp(-0.5 * ((place[None, :] - centres[:, None]) / sigma) ** 2)
    blobs = line[:, None, :, None] * line[None, :, None, :]
    measured = model.expected(blobs)
    return np.asarray(measured.square().sum(dim=(-2, -1)).sqrt().numpy())


def visibility(features: Features, model: LinearForwardModel, sigma: Tensor) -> Array:
    """d of every feature; `sigma` (c, h, w): standard deviation of the measured counts."""
    f = model.factor
    local = sigma.double().cpu().numpy()[features.channel, features.y // f, features.x // f]
    seen = np.zeros(len(features))
    for scale in np.unique(features.scale):
        at = features.scale == scale
        seen[at] = _seen(model, float(scale))[features.y[at] % f, features.x[at] % f]
    return np.asarray(np.abs(features.amplitude) / _ANSWER * seen / local)
