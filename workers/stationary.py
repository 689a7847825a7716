"""What a measurement fixes of a stationary specimen: closed forms, on numpy alone.

A stationary specimen is a power spectrum Q over the fine frequencies. Seen through an operator of
response H and factor f, a measured frequency collects the f² fine frequencies that alias onto it,
plus counting noise of power N, so with S = mean over that group of |H|² Q everything is one
division per group: the smoothest image, what a probe keeps of its prior variance, and the error
that is left. Spectra are normalised so that their mean over all frequencies is the variance.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Complex = NDArray[np.complex128]

FWHM = 2.3548200450309493  # of a Gaussian, in sigma
LONGEST_SCALE = 64.0  # fine pixels; where the power law levels off unless a specimen says otherwise
SIZES = (2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0, 24.0, 32.0)  # of blobs, FWHM in fine pixels


@dataclass(frozen=True)
class Specimen:
    """Power spectrum of one channel: power · (q² + scale⁻²)^(−exponent/2) · blur, in pixels."""

    power: float
    exponent: float
    blur: float
    scale: float = LONGEST_SCALE

    def spectrum(self, q2: Array) -> Array:
        """At squared frequency `q2` (cycles per fine pixel)²; counts²."""
        return self.power * shape(q2, self.exponent, self.blur, self.scale)


def shape(q2: Array, exponent: float, blur: float, scale: float = LONGEST_SCALE) -> Array:
    """The spectrum of a specimen of unit power."""
    law = (q2 + scale**-2) ** (-exponent / 2)
    return np.asarray(law * np.exp(-((2 * np.pi * blur) ** 2) * q2))


def fine_frequencies(height: int, width: int) -> tuple[Array, Array]:
    """Frequencies of a grid, cycles per pixel: `(height, 1)` and `(1, width)`."""
    rows, columns = np.fft.fftfreq(height), np.fft.fftfreq(width)
    return np.asarray(rows[:, None], np.float64), np.asarray(columns[None, :], np.float64)


def fold(values: NDArray[np.floating], factor: int) -> NDArray[np.floating]:
    """Mean over the fine frequencies that alias onto each measured one, `(fh, fw) -> (h, w)`."""
    height, width = values.shape
    groups = values.reshape(factor, height // factor, factor, width // factor)
    return np.asarray(groups.mean(axis=(0, 2)))


def axis_response(weights: Array, place: NDArray[np.int64], q: Array) -> Complex:
    """Σ weights · exp(2πi q place), in the shape of `q`, each different `q` once."""
    seen = weights != 0
    values, inverse = np.unique(q, return_inverse=True)
    waves = np.exp(2j * np.pi * values[:, None] * place[seen][None, :]) @ weights[seen]
    return np.asarray(waves[inverse].reshape(q.shape))


def blob_response(q2: Array, sigma: float) -> Array:
    """Difference of Gaussians of sigma and 1.6 sigma, in frequency space."""
    return np.asarray(
        np.exp(-2 * (np.pi * sigma) ** 2 * q2) - np.exp(-2 * (1.6 * np.pi * sigma) ** 2 * q2)
    )


def measured_share(
    seen: Array, prior: Array, probe: Array, noise: Sequence[float] | Array, factor: int
) -> Array:
    """Share of a probe's prior variance that the measurement removed, one per `noise` (counts²).

    ms = Σ |w|² Q² |H|² / (S + N) / (f² Σ |w|² Q), averaged over the places of the probe within
    its cell; `seen` |H|², `prior` Q and `probe` |w|², all `(H, W)` over the fine frequencies.
    """
    signal = fold(seen * prior, factor)
    found = fold(probe * prior**2 * seen, factor)
    before = factor**2 * fold(probe * prior, factor).sum()
    return np.array([float((found / (signal + n)).sum() / before) for n in noise])


def error_variance(seen: Array, prior: Array, noise: Sequence[float] | Array, factor: int) -> Array:
    """Mean squared error of the best linear estimate of a fine pixel, one per `noise` (counts²).

    The Wiener filter's: the prior variance times the share of a single pixel (a probe that holds
    every frequency alike) that was not measured. At noise 0 it is the null space's alone.
    """
    every = np.ones_like(prior)
    return float(prior.mean()) * (1 - measured_share(seen, prior, every, noise, factor))


def half_size(shares: Sequence[float]) -> float:
    """From which of `SIZES` on half of a blob was measured; infinity where none reaches it."""
    if shares[0] >= 0.5:
        return SIZES[0]
    if max(shares) < 0.5:
        return float("inf")
    return float(np.interp(0.5, np.maximum.accumulate(shares), SIZES))
