"""What every forward model promises, and what a linear one promises besides."""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import ClassVar

import torch
from torch import Tensor

from workers.physics.noise import NoiseModel

Linearisation = tuple[Callable[[Tensor], Tensor], Callable[[Tensor], Tensor]]


class ForwardModel(ABC):
    """The mean of what an instrument measures of a truth: `(..., sites) -> (..., measured)`.

    Works on torch tensors of any float dtype and on any leading dimensions. `factor` is how much
    finer the truth is than the measurement, `site_dims` how many trailing dimensions are sites.
    """

    name: str
    factor: int = 1
    linear: ClassVar[bool] = False
    site_dims: ClassVar[int] = 2

    @abstractmethod
    def expected(self, x: Tensor) -> Tensor:
        """The mean of y for the truth `x`, in the units of y."""

    @abstractmethod
    def consistency(
        self,
        x: Tensor,
        y: Tensor,
        noise: NoiseModel,
        mask: Tensor | None = None,
        strict: bool = False,
        generator: torch.Generator | None = None,
    ) -> Tensor:
        """`x` moved towards agreement with `y`, as far as the noise says it should be.

        The gain per map is `consistency_gain`: nothing moves where the misfit is noise-sized.
        `strict` returns y to float precision instead, noise and all. With a `generator` the
        observation is perturbed by a draw of the noise first: the form for posterior samples,
        whose spread would otherwise shrink (for a mean, leave it out). Sites nothing was
        measured of are left as they are.
        """

    def residuals(
        self, x: Tensor, y: Tensor, noise: NoiseModel, mask: Tensor | None = None
    ) -> Tensor:
        """Standardised residuals of y, `(..., measured)`; 0 where nothing was measured."""
        values = noise.residuals(self.expected(x), y)
        return values if mask is None else values * mask.to(values.dtype)

    def log_likelihood(
        self, x: Tensor, y: Tensor, noise: NoiseModel, mask: Tensor | None = None
    ) -> Tensor:
        """Log-likelihood of y up to a constant, one value per map: `(...)`."""
        return noise.log_likelihood(self.expected(x), y, mask)

    def chi2(self, x: Tensor, y: Tensor, noise: NoiseModel, mask: Tensor | None = None) -> Tensor:
        """Deviance of y over its expectation, one value per map: `(...)`."""
        return noise.chi2(self.expected(x), y, mask)

    def gain(
        self, mean: Tensor, y: Tensor, noise: NoiseModel, mask: Tensor | None, of_sample: bool
    ) -> Tensor:
        """`consistency_gain` of an image whose expected measurement is `mean`."""
        measured = measured_sites(y, mask, self.site_dims)
        return consistency_gain(noise.chi2(mean, y, mask), measured, self.site_dims, of_sample)

    def linearise(self, x: Tensor) -> Linearisation:
        """The Jacobian at `x` as a pair of functions: (jvp: dx -> dy, vjp: dy -> dx)."""

        def jvp(direction: Tensor) -> Tensor:
            change: Tensor = torch.func.jvp(self.expected, (x,), (direction,))[1]
            return change

        def vjp(cotangent: Tensor) -> Tensor:
            change: Tensor = pull_back(cotangent)[0]
            return change

        pull_back = torch.func.vjp(self.expected, x)[1]
        return jvp, vjp


def consistency_gain(
    chi2: Tensor, measured: int, site_dims: int, of_sample: bool = False
) -> Tensor:
    """The share g of the misfit to answer, shaped to broadcast over sites.

    The empirical-Bayes form of v/(v + σ²), with v the variance of the estimate's own error seen
    through the forward model; no truth is needed for it. A mean misses y by v + σ², so
    g = 1 − 1/χ². A sample is as far from the truth's place in its prior as the truth is from its
    own, and misses y by 2v + σ²: g = (χ² − 1)/(χ² + 1). χ² over `measured` sites scatters by
    √(2/measured); an excess of less than twice that is no misfit, and answering it costs accuracy.
    """
    excess = (chi2 - 1 - _scatter(measured)).clamp_min(0)
    gain = excess / (excess + (2 if of_sample else 1))
    return gain.reshape(gain.shape + (1,) * site_dims)


def _scatter(measured: int) -> float:
    """Twice the standard deviation of χ² over this many sites."""
    return 2 * math.sqrt(2 / max(measured, 1))


def noise_sized(chi2: Tensor, y: Tensor, mask: Tensor | None, site_dims: int) -> Tensor:
    """Which maps agree with `y` as well as chance allows; bool, broadcasting over sites."""
    fits = chi2 <= 1 + _scatter(measured_sites(y, mask, site_dims))
    return fits.reshape(fits.shape + (1,) * site_dims)


def measured_sites(y: Tensor, mask: Tensor | None, site_dims: int) -> int:
    """How many sites of one map were measured."""
    return y.shape[-site_dims:].numel() if mask is None else int(mask.sum())


def observation(
    mean: Tensor, y: Tensor, noise: NoiseModel, generator: torch.Generator | None
) -> Tensor:
    """y itself, or with a generator y plus a draw of its noise (never below 0 for counts)."""
    if generator is None:
        return y.expand_as(mean)
    draw = torch.randn(mean.shape, generator=generator, device=mean.device, dtype=mean.dtype)
    perturbed = y + noise.sigma(mean) * draw
    return perturbed.clamp_min(0) if noise.counts else perturbed


class LinearForwardModel(ForwardModel):
    """A forward model that is a matrix A, with its exact adjoint and pseudo-inverse."""

    linear: ClassVar[bool] = True

    @abstractmethod
    def adjoint(self, y: Tensor) -> Tensor:
        """Aᵀy: exactly the transpose of `expected`."""

    @abstractmethod
    def pseudo_inverse(self, y: Tensor, mask: Tensor | None = None) -> Tensor:
        """A†y: the smallest x that A maps onto y where it was measured; A A†y = y there."""

    def split(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """`x` as (A x, its null-space part): what is measured of it, and what cannot be seen."""
        measured = self.expected(x)
        return measured, x - self.pseudo_inverse(measured)

    def join(self, y: Tensor, null: Tensor) -> Tensor:
        """The x with A x = y whose null-space part is that of `null`; undoes `split`."""
        return null + self.pseudo_inverse(y - self.expected(null))

    def linearise(self, x: Tensor) -> Linearisation:
        return self.expected, self.adjoint

    def step(self, misfit: Tensor, gain: Tensor) -> Tensor:
        """The change of x that answers a `misfit` of y with this `gain` (0 to 1)."""
        return self.pseudo_inverse(gain * misfit)

    def consistency(
        self,
        x: Tensor,
        y: Tensor,
        noise: NoiseModel,
        mask: Tensor | None = None,
        strict: bool = False,
        generator: torch.Generator | None = None,
    ) -> Tensor:
        """The additive form, x + K (y − A x); counts end at or above 0 unless `strict`."""
        mean = self.expected(x)
        misfit = observation(mean, y, noise, generator) - mean
        if mask is not None:
            misfit = misfit * mask.to(misfit.dtype)
        if strict:
            return self._strict(x, y, mask)
        gain = self.gain(mean, y, noise, mask, of_sample=generator is not None)
        moved = x + self.step(misfit, gain)
        return moved.clamp_min(0) if noise.counts else moved

    def _strict(self, x: Tensor, y: Tensor, mask: Tensor | None) -> Tensor:
        """The nearest x with A x = y. The second pass removes what rounding left of the first."""
        for _ in range(2):
            misfit = y - self.expected(x)
            if mask is not None:
                misfit = misfit * mask.to(misfit.dtype)
            x = x + self.pseudo_inverse(misfit, mask)
        return x
