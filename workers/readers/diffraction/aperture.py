"""The probe of an electron microscope from its aperture and defocus, where a file states these."""

import numpy as np
from numpy.typing import NDArray


def probe_of(
    side: int, reciprocal_pixel: float, wavelength_m: float, semi_angle_rad: float, defocus_m: float
) -> NDArray[np.complex64]:
    """A round aperture out of focus, complex64 `(1, side, side)`, centred, of power 1.

    `reciprocal_pixel` is 1/m of a detector pixel. The inverse transform of an open disc of radius
    α/λ times exp(−iπλ Δf k²), without further aberrations (Rodenburg & Maiden, Springer Handbook
    of Microscopy, 2019, section 17.3). Raises ValueError where the disc holds no pixel or does not
    fit into the frame.
    """
    k = np.fft.fftfreq(side, 1 / side) * reciprocal_pixel
    squared = k[:, None] ** 2 + k**2
    radius = semi_angle_rad / wavelength_m
    if not reciprocal_pixel <= radius <= side / 2 * reciprocal_pixel:
        raise ValueError(
            f"An aperture of {semi_angle_rad * 1e3:.3g} mrad has a radius of "
            f"{radius / reciprocal_pixel:.3g} pixels in a frame of {side}."
        )
    open_disc = (squared <= radius**2) * np.exp(-1j * np.pi * wavelength_m * defocus_m * squared)
    probe = np.fft.fftshift(np.fft.ifft2(open_disc))
    power = float((np.abs(probe) ** 2).sum())
    return np.asarray(probe[None] / np.sqrt(power), np.complex64)
