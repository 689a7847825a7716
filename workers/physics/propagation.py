"""How a wave behind the object reaches the detector.

A propagator takes the spectrum of exit waves, because both ways begin with a Fourier transform:
the far field ends there, the near field turns every spatial frequency by the paraxial phase and
comes back. Every transform is unitary, so no propagator gains or loses a count.
"""

import math
from abc import ABC, abstractmethod
from typing import ClassVar

import torch
from torch import Tensor


def fourier(wave: Tensor) -> Tensor:
    """Unitary two-dimensional Fourier transform of `(..., h, w)`, zero frequency at [0, 0]."""
    spectrum: Tensor = torch.fft.fft2(wave, norm="ortho")
    return spectrum


def inverse_fourier(spectrum: Tensor) -> Tensor:
    """Undoes `fourier`, of which it is the adjoint too."""
    wave: Tensor = torch.fft.ifft2(spectrum, norm="ortho")
    return wave


def shift_phases(shift: Tensor, side: int) -> Tensor:
    """What a spectrum is multiplied with to move its wave: `(n, 2)` -> complex64 `(n, side, side)`.

    `shift` in pixels (down, right), any fraction: the shift theorem, exact for waves that end
    within the array.
    """
    frequency = torch.fft.fftfreq(side, dtype=torch.float64, device=shift.device)
    angle = -2 * math.pi * shift.double()[..., None] * frequency
    rows, columns = angle[..., 0, :, None], angle[..., 1, None, :]
    turned = torch.polar(torch.ones_like(rows + columns), rows + columns)
    return turned.to(torch.complex64)


class Propagator(ABC):
    """From the spectrum of exit waves `(..., h, w)` to waves on the detector, and back."""

    moves_frames: ClassVar[bool]
    """Whether a moved exit wave is seen moved: then a sub-pixel shift must be undone first."""

    @abstractmethod
    def to_detector(self, spectrum: Tensor) -> Tensor:
        """Waves on the detector, complex `(..., h, w)`, of exit waves with this spectrum."""

    @abstractmethod
    def from_detector(self, wave: Tensor) -> Tensor:
        """The spectrum of the exit waves that give these waves: the inverse and the adjoint."""


class FarField(Propagator):
    """Fraunhofer diffraction: the detector shows the spectrum itself, zero frequency at [0, 0]."""

    moves_frames = False

    def to_detector(self, spectrum: Tensor) -> Tensor:
        return spectrum

    def from_detector(self, wave: Tensor) -> Tensor:
        return wave


class NearField(Propagator):
    """Fresnel diffraction with its Fresnel number per pixel, F = Δ²/(λ z).

    A magnifying beam from a point at z₁ before the object, with the detector z₂ behind it, is the
    parallel beam of z = z₁ z₂/(z₁ + z₂) on pixels smaller by M = (z₁ + z₂)/z₁ (the Fresnel scaling
    theorem, Paganin, Coherent X-Ray Optics, 2006, appendix B): `magnified`.
    """

    moves_frames = True

    def __init__(self, fresnel_number: float, side: int) -> None:
        """Raises ValueError for a Fresnel number at or below 0, or too small for the array.

        Below 1/side the kernel turns faster than the array samples it, and energy would wrap
        around its border.
        """
        if fresnel_number * side < 1:
            raise ValueError(
                f"A Fresnel number of {fresnel_number:g} per pixel is not sampled by {side} "
                "pixels: crop less, or treat the frames as far field."
            )
        frequency = torch.fft.fftfreq(side, dtype=torch.float64)
        squared = frequency[:, None].square() + frequency.square()
        angle = -math.pi / fresnel_number * squared
        self._kernel = torch.polar(torch.ones_like(angle), angle).to(torch.complex64)

    @classmethod
    def magnified(
        cls, *, wavelength: float, to_object: float, to_detector: float, pixel: float, side: int
    ) -> "NearField":
        """The near field of a beam from a focus; all lengths in metres, `pixel` on the detector."""
        whole = to_object + to_detector
        distance = to_object * to_detector / whole
        demagnified = pixel * to_object / whole
        return cls(demagnified**2 / (wavelength * distance), side)

    def to_detector(self, spectrum: Tensor) -> Tensor:
        return inverse_fourier(spectrum * self._kernel.to(spectrum.device))

    def from_detector(self, wave: Tensor) -> Tensor:
        return fourier(wave) * self._kernel.conj().to(wave.device)
