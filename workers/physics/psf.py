"""A Gaussian beam read out at every f-th fine pixel.

The beam is separable, so A = Ry ⊗ Rx with one small matrix per axis, and with it everything has a
closed form through the eigenvectors of R Rᵀ: the adjoint, the pseudo-inverse and the regularised
step. Only a mask of unmeasured pixels breaks the product; then conjugate gradients finish the
job, with the unmasked inverse as preconditioner.

Conventions. Cell i is centred on fine coordinate f·i + (f − 1)/2, which for even f lies between
two pixels: the kernel is then symmetric about that half pixel (even-sized). The Gaussian is cut
at four sigma and normalised, and reflects at the border (pixel −1 is pixel 0), so a constant
stays the same constant everywhere.
"""

from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

from workers.physics.base import LinearForwardModel, noise_sized, observation
from workers.physics.noise import NoiseModel

_CUT = 4.0  # in sigma
_MOST_STEPS = 2000
_MOST_RATIOS = 300  # of a bright map and a wide beam; most maps need fewer than five
_JUDGED_EVERY = 5  # the deviance costs more than a ratio; the first few are all judged
_DARK = 1e-3  # of the mean: a pixel that is exactly 0 could never become brighter


@dataclass(frozen=True)
class _Axis:
    """One axis: `matrix` (h, H) and the eigen-decomposition of matrix · matrixᵀ. float64, CPU."""

    matrix: Tensor
    vectors: Tensor
    values: Tensor


@lru_cache(maxsize=16)
def _axis(length: int, factor: int, sigma: float) -> _Axis:
    cells = length // factor
    matrix = torch.zeros(cells, length, dtype=torch.float64)
    centres = factor * torch.arange(cells, dtype=torch.float64) + (factor - 1) / 2
    reach = int(_CUT * sigma + 1)
    first = torch.floor(centres).long()
    for offset in range(-reach, reach + 2):
        pixel = first + offset
        distance = pixel - centres
        weight = torch.exp(-0.5 * (distance / sigma) ** 2)
        weight = torch.where(distance.abs() <= _CUT * sigma, weight, 0.0)
        folded = torch.remainder(pixel, 2 * length)
        folded = torch.minimum(folded, 2 * length - 1 - folded)
        matrix.index_put_((torch.arange(cells), folded), weight, accumulate=True)
    matrix /= matrix.sum(dim=1, keepdim=True)
    values, vectors = torch.linalg.eigh(matrix @ matrix.T)
    return _Axis(matrix, vectors, values)


class PsfModel(LinearForwardModel):
    """Gaussian point-spread function of `sigma_px` fine pixels, sampled at cell centres."""

    def __init__(self, factor: int, sigma_px: float | None = None) -> None:
        """`sigma_px`: beam sigma in fine pixels, at most the factor; half the factor if not given.

        Raises ValueError for a beam wider than the step: then measured values hardly differ from
        their neighbours and no float precision can undo it.
        """
        sigma = 0.5 * factor if sigma_px is None else float(sigma_px)
        if factor < 1 or not 0 < sigma <= factor:
            raise ValueError(
                f"A beam of sigma {sigma} fine pixels with step {factor} cannot be used: "
                "sigma must be above 0 and at most the step."
            )
        self.name = "psf"
        self.factor = factor
        self.sigma_px = sigma

    def _axes(self, height: int, width: int) -> tuple[_Axis, _Axis]:
        if height % self.factor or width % self.factor:
            raise ValueError(
                f"A map of {height} × {width} pixels does not divide by the step "
                f"{self.factor}: pad or crop it first."
            )
        return (
            _axis(height, self.factor, self.sigma_px),
            _axis(width, self.factor, self.sigma_px),
        )

    def _measured_axes(self, y: Tensor) -> tuple[_Axis, _Axis]:
        return self._axes(y.shape[-2] * self.factor, y.shape[-1] * self.factor)

    def expected(self, x: Tensor) -> Tensor:
        rows, columns = self._axes(x.shape[-2], x.shape[-1])
        return rows.matrix.to(x) @ x @ columns.matrix.to(x).T

    def adjoint(self, y: Tensor) -> Tensor:
        rows, columns = self._measured_axes(y)
        return rows.matrix.to(y).T @ y @ columns.matrix.to(y)

    def _solve(self, y: Tensor, ridge: Tensor | float = 0.0) -> Tensor:
        """(A Aᵀ + ridge)⁻¹ y in float64; `ridge` broadcasts over maps."""
        rows, columns = self._measured_axes(y)
        u, v = rows.vectors.to(y.device), columns.vectors.to(y.device)
        spectrum = (rows.values[:, None] * columns.values[None, :]).to(y.device)
        return u @ ((u.T @ y.double() @ v) / (spectrum + ridge)) @ v.T

    def pseudo_inverse(self, y: Tensor, mask: Tensor | None = None) -> Tensor:
        if mask is None or bool(mask.all()):
            solved = self._solve(y)
            # One refinement: eigenvalues span four decades and rounding follows them.
            solved = solved + self._solve(y.double() - self.expected(self.adjoint(solved)))
        else:
            solved = self._masked_solve(y.double() * mask, mask.double())
        return self.adjoint(solved).to(y.dtype)

    def _masked_solve(self, y: Tensor, mask: Tensor) -> Tensor:
        """M A Aᵀ M z = y on the measured pixels, by preconditioned conjugate gradients."""

        def dot(a: Tensor, b: Tensor) -> Tensor:
            return (a * b).sum(dim=(-2, -1), keepdim=True)

        tiny = torch.finfo(torch.float64).tiny
        z = torch.zeros_like(y)
        rest = y.clone()
        better = mask * self._solve(rest)
        direction = better
        power = dot(rest, better)
        goal = 1e-24 * dot(y, y)
        for _ in range(_MOST_STEPS):
            if bool((dot(rest, rest) <= goal).all()):
                break
            image = mask * self.expected(self.adjoint(direction))
            length = power / dot(direction, image).clamp_min(tiny)
            z = z + length * direction
            rest = rest - length * image
            better = mask * self._solve(rest)
            previous, power = power, dot(rest, better)
            direction = better + power / previous.clamp_min(tiny) * direction
        return z

    def step(self, misfit: Tensor, gain: Tensor) -> Tensor:
        """The Wiener step Aᵀ(A Aᵀ + ρ)⁻¹ misfit, with ρ from the gain.

        A† alone would blow up the noise in the frequencies that the beam suppresses. ρ makes the
        gain of a frequency with the average eigenvalue c equal to `gain`: g = c/(c + ρ).
        """
        rows, columns = self._measured_axes(misfit)
        average = float(rows.values.mean() * columns.values.mean())
        gain = gain.double().to(misfit.device)
        ridge = average * (1 - gain) / gain.clamp_min(1e-12)
        return self.adjoint(self._solve(misfit, ridge)).to(misfit.dtype)

    def consistency(
        self,
        x: Tensor,
        y: Tensor,
        noise: NoiseModel,
        mask: Tensor | None = None,
        strict: bool = False,
        generator: torch.Generator | None = None,
    ) -> Tensor:
        """Additive for Gaussian noise; for counts, x is multiplied by what its ratios to y ask for.

        x ← x · Aᵀ(y / Ax) / Aᵀ1 (Richardson 1972, Lucy 1974): the likelihood rises with every
        step and x stays non-negative, where one additive step with a clip leaves bright maps far
        from y. Maps whose deviance is noise-sized are not moved, and none further than that.
        """
        if strict or not noise.counts:
            return super().consistency(x, y, noise, mask, strict, generator)
        x = x.clamp_min(0)
        mean = self.expected(x)
        target = observation(mean, y, noise, generator)
        ones = self.adjoint(torch.ones_like(mean))
        tiny = torch.finfo(x.dtype).tiny
        for n in range(_MOST_RATIOS):
            if n < _JUDGED_EVERY or n % _JUDGED_EVERY == 0:
                astray = ~noise_sized(noise.chi2(mean, y, mask), y, mask, self.site_dims)
                if not bool(astray.any()):
                    break
            x = torch.where(astray, x.clamp_min(_DARK * x.mean(dim=(-2, -1), keepdim=True)), x)
            mean = self.expected(x)
            ratio = target / mean.clamp_min(tiny)
            if mask is not None:
                ratio = torch.where(mask, ratio, 1.0)
            x = torch.where(astray, x * self.adjoint(ratio) / ones, x)
            mean = self.expected(x)
        return x
