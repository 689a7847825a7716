"""Noise models: how a measured value scatters about its mean.

A tensor of measured values is `(..., c, sites)`, where `sites` is `(h, w)` for a map and `(n,)`
for a table of cells; `mask` broadcasts to the sites and is True where something was measured.
"""

from abc import ABC, abstractmethod
from typing import ClassVar

import torch
from torch import Tensor

from workers.physics.expected_deviance import poisson_expected_deviance

# A mean below this cannot be told from it by the one pixel that measured it; it keeps a single
# count over an empty estimate from having an infinite deviance.
SMALLEST_MEAN = 1e-2


def sum_measured(values: Tensor, mask: Tensor | None, site_dims: int) -> Tensor:
    """Sum over the sites where `mask` is True: `(..., sites) -> (...)`."""
    if mask is not None:
        values = values * mask.to(values.dtype)
    return values.sum(dim=tuple(range(-site_dims, 0)))


class NoiseModel(ABC):
    """What a consistency layer, a residual picture and a chi-square need to know of noise."""

    counts: ClassVar[bool]
    """True where a value cannot be negative and its variance is proportional to its mean."""

    def __init__(self, site_dims: int = 2) -> None:
        self.site_dims = site_dims

    def _per_channel(self, values: Tensor, like: Tensor) -> Tensor:
        """A value per channel `(c,)` (or one for all) shaped to broadcast over sites."""
        values = values.to(dtype=like.dtype, device=like.device)
        return values.reshape(values.shape + (1,) * self.site_dims) if values.dim() else values

    @abstractmethod
    def sigma(self, mean: Tensor) -> Tensor:
        """Standard deviation of a measured value with this mean, in the units of the mean."""

    @abstractmethod
    def deviance(self, mean: Tensor, y: Tensor) -> Tensor:
        """Twice the log-likelihood lost against a perfect fit, per site; about 1 for the truth."""

    @abstractmethod
    def expected_deviance(self, mean: Tensor) -> Tensor:
        """The value `deviance` has on average when `mean` is the truth, per site."""

    def residuals(self, mean: Tensor, y: Tensor) -> Tensor:
        """Pearson residuals (y − mean)/sigma: mean 0 and variance 1 for the true mean."""
        return (y - mean) / self.sigma(mean)

    def log_likelihood(self, mean: Tensor, y: Tensor, mask: Tensor | None = None) -> Tensor:
        """Log-likelihood up to a constant of y, summed over measured sites: `(...)`."""
        return -0.5 * sum_measured(self.deviance(mean, y), mask, self.site_dims)

    def chi2(self, mean: Tensor, y: Tensor, mask: Tensor | None = None) -> Tensor:
        """Deviance divided by its expectation, per map: `(...)`.

        1 on average for the truth and for posterior samples, *below* 1 for a posterior mean
        (which has seen y). Sites where nothing was measured do not count; with no measured
        site at all the answer is 1, since nothing disagrees.
        """
        deviance = self.deviance(mean, y)
        found = sum_measured(deviance, mask, self.site_dims)
        expected = self.expected_deviance(mean).expand_as(deviance)
        due = sum_measured(expected, mask, self.site_dims)
        return torch.where(due > 0, found / due.clamp_min(torch.finfo(due.dtype).tiny), 1.0)


class GaussianNoise(NoiseModel):
    """Additive noise of one standard deviation per channel, in the units of the map."""

    counts = False

    def __init__(self, sigma: Tensor, site_dims: int = 2) -> None:
        """`sigma`: scalar tensor, or `(c,)`; must be positive."""
        super().__init__(site_dims)
        if not bool((sigma > 0).all()):
            raise ValueError("The noise sigma of a channel is not positive: give a value above 0.")
        self._sigma = sigma

    def sigma(self, mean: Tensor) -> Tensor:
        return self._per_channel(self._sigma, mean).expand_as(mean)

    def deviance(self, mean: Tensor, y: Tensor) -> Tensor:
        return self.residuals(mean, y).square()

    def expected_deviance(self, mean: Tensor) -> Tensor:
        return torch.ones_like(mean)


class PoissonNoise(NoiseModel):
    """Counting noise with a variance factor: var(y) = factor · mean.

    The factor is 1 for pure counting, below 1 where dead time evens out a bright line, above 1
    where the instrument processed the counts. y/factor is treated as Poisson with mean
    mean/factor, which has exactly this mean and variance.
    """

    counts = True

    def __init__(self, variance_factor: Tensor, site_dims: int = 2) -> None:
        """`variance_factor`: scalar tensor, or `(c,)`; must be positive and finite."""
        super().__init__(site_dims)
        if not bool(((variance_factor > 0) & torch.isfinite(variance_factor)).all()):
            raise ValueError(
                "The variance factor of a channel is not a positive number: "
                "use 1 for plain counting noise."
            )
        self.variance_factor = variance_factor

    def sigma(self, mean: Tensor, floor: float = SMALLEST_MEAN) -> Tensor:
        """sqrt(factor · max(mean, floor)), in counts. `floor` keeps an empty pixel finite."""
        return (self._per_channel(self.variance_factor, mean) * mean.clamp_min(floor)).sqrt()

    def deviance(self, mean: Tensor, y: Tensor) -> Tensor:
        """2 (y ln(y/mean) − y + mean) / factor, per site."""
        mean, y = mean.clamp_min(SMALLEST_MEAN), y.clamp_min(0)
        lost: Tensor = 2 * (torch.special.xlogy(y, y / mean) - (y - mean))
        return lost / self._per_channel(self.variance_factor, mean)

    def expected_deviance(self, mean: Tensor) -> Tensor:
        """E of `deviance` when `mean` is true: far from 1 below ten counts, so compare with it."""
        mean = mean.clamp_min(SMALLEST_MEAN)
        return poisson_expected_deviance(mean / self._per_channel(self.variance_factor, mean))

    def quantile_residuals(self, mean: Tensor, y: Tensor, generator: torch.Generator) -> Tensor:
        """Randomised quantile residuals (Dunn & Smyth 1996): N(0, 1) at any count for the truth.

        The picture and the test to use below ten counts, where Pearson residuals are skewed.
        Values are kept within ±8.
        """
        factor = self._per_channel(self.variance_factor, mean)
        rate = (mean.clamp_min(SMALLEST_MEAN) / factor).double()
        seen = (y.clamp_min(0) / factor).double()
        upper = torch.special.gammaincc(seen + 1, rate)
        lower = torch.where(
            seen > 0, torch.special.gammaincc(seen.clamp_min(1e-12), rate), torch.zeros_like(rate)
        )
        u = torch.rand(upper.shape, generator=generator, device=upper.device, dtype=upper.dtype)
        normal: Tensor = torch.special.ndtri(lower + u * (upper - lower))
        return normal.clamp(-8, 8).to(mean.dtype)
