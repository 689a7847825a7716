"""The expected deviance of a Poisson count at its own mean, accurate at any count."""

from functools import lru_cache

import numpy as np
import torch
from scipy import special, stats
from torch import Tensor

_LOWEST, _HIGHEST, _POINTS = 1e-4, 1e3, 4096


def exact_expected_deviance(mean: float) -> float:
    """E[2 (k ln(k/mean) − k + mean)] for k ~ Poisson(mean), by summation over k."""
    last = int(mean + 12 * np.sqrt(mean) + 40)
    k = np.arange(last + 1)
    deviance = 2 * (special.xlogy(k, k / mean) - (k - mean))
    return float(np.sum(stats.poisson.pmf(k, mean) * deviance))


@lru_cache(maxsize=1)
def _table() -> Tensor:
    """Exact values on a grid even in log(mean)."""
    means = np.geomspace(_LOWEST, _HIGHEST, _POINTS)
    return torch.from_numpy(np.array([exact_expected_deviance(float(m)) for m in means]))


def poisson_expected_deviance(mean: Tensor) -> Tensor:
    """E of the Poisson deviance at `mean` counts (any shape and float dtype), same shape.

    Interpolated from exact sums between 1e-4 and 1000 counts (error below 1e-5); beyond, the
    series 1 + 1/(6 mean); below, the two-term limit −2 mean ln(mean).
    """
    table = _table().to(device=mean.device, dtype=mean.dtype)
    step = np.log(_HIGHEST / _LOWEST) / (_POINTS - 1)
    place = (mean.clamp(_LOWEST, _HIGHEST) / _LOWEST).log() / step
    left = place.floor().clamp(0, _POINTS - 2).long()
    within = torch.lerp(table[left], table[left + 1], place - left)
    low = -2 * torch.special.xlogy(mean, mean)
    high = 1 + 1 / (6 * mean.clamp_min(_HIGHEST))
    return torch.where(mean < _LOWEST, low, torch.where(mean > _HIGHEST, high, within))
