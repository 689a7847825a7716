"""An exactly solvable posterior: a Gaussian field seen through a block mean with noise."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from workers.physics import CellModel, forward_model

SIZE, FACTOR, SIGMA, SAMPLES = 48, 4, 0.02, 16


def _field_frequencies() -> np.ndarray:
    q = np.fft.fftfreq(SIZE)
    return q[:, None] ** 2 + q[None, :] ** 2


@dataclass(frozen=True)
class Prior:
    """A periodic stationary Gaussian field with power q^-exponent and unit variance × size²."""

    exponent: float
    size: float = 0.15

    def spectrum(self, q2: np.ndarray | None = None) -> np.ndarray:
        """Power at squared frequencies `q2`, (cycles per pixel)²; by default those of a field."""
        own = self._law(_field_frequencies())
        law = own if q2 is None else self._law(q2)
        return self.size**2 * law / own.mean()

    def _law(self, q2: np.ndarray) -> np.ndarray:
        return (q2 + 16.0**-2) ** (-self.exponent / 2) * np.exp(-((2 * np.pi * 0.8) ** 2) * q2)

    def draw(self, count: int, generator: torch.Generator) -> Tensor:
        white = torch.randn(count, SIZE, SIZE, generator=generator, dtype=torch.float64)
        root = torch.from_numpy(np.sqrt(self.spectrum()))
        return torch.fft.ifft2(torch.fft.fft2(white) * root).real


class ExactPosterior:
    """Samples of x given y = A x + noise under a prior, by conditioning draws of it (Matheron)."""

    def __init__(self, prior: Prior, spread: float = 1.0) -> None:
        """`spread` scales the samples' deviation from their mean: 1 is right."""
        self.model: CellModel = forward_model("binned", FACTOR)
        self.prior, self.spread = prior, spread
        self._spectrum = torch.from_numpy(prior.spectrum())
        cells = (SIZE // FACTOR) ** 2
        units = torch.eye(cells, dtype=torch.float64).reshape(cells, SIZE // FACTOR, -1)
        columns = self.model.expected(self._covariance(self.model.adjoint(units)))
        matrix = columns.reshape(cells, cells) + SIGMA**2 * torch.eye(cells).double()
        self._inverse = torch.linalg.inv(matrix)

    def _covariance(self, x: Tensor) -> Tensor:
        return torch.fft.ifft2(torch.fft.fft2(x) * self._spectrum).real

    def _answer(self, misfit: Tensor) -> Tensor:
        """Q Aᵀ (A Q Aᵀ + σ²)⁻¹ misfit."""
        weights = (misfit.flatten(-2) @ self._inverse).reshape(misfit.shape)
        return self._covariance(self.model.adjoint(weights))

    def mean(self, y: Tensor) -> Tensor:
        return self._answer(y)

    def sample(self, y: Tensor, count: int, generator: torch.Generator) -> Tensor:
        """`count` samples of every field of `y` (n, h, w): `(count, n, SIZE, SIZE)`."""
        drawn = self.prior.draw(count * len(y), generator).unflatten(0, (count, len(y)))
        noise = SIGMA * torch.randn(count, *y.shape, generator=generator, dtype=torch.float64)
        exact = drawn + self._answer(y + noise - self.model.expected(drawn))
        centre = self.mean(y)
        return centre + self.spread * (exact - centre)

    def chi2_of_the_mean(self) -> float:
        """1 − tr(Σ⁻¹ A C_post Aᵀ)/m, which for Gaussians is σ² tr((A Q Aᵀ + σ²)⁻¹)/m."""
        return SIGMA**2 * float(self._inverse.trace()) / len(self._inverse)


TRUE_PRIOR = Prior(exponent=3.0)


def measure(count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """(truth, y) of `count` fields."""
    truth = TRUE_PRIOR.draw(count, generator)
    mean = forward_model("binned", FACTOR).expected(truth)
    return truth, mean + SIGMA * torch.randn(mean.shape, generator=generator, dtype=torch.float64)
