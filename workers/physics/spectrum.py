"""A stationary picture of a specimen, fitted through the forward model to the map it gave.

The specimen's power spectrum is taken as a power law that levels off at large scales, with a blur
of its own. Seen through an operator of factor f, frequency k of the map collects the f² fine
frequencies that alias onto it, plus counting noise. Candidates are fitted to the periodogram of
the map by Whittle's deviance 2 (q − 1 − ln q), q = power found / power expected.

Spectra are normalised so that their mean over all frequencies is the variance (counts²).
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray

from workers.physics.base import LinearForwardModel
from workers.physics.cells import CellModel
from workers.physics.psf import PsfModel
from workers.stationary import Array, Complex, Specimen, axis_response, shape

GridModel = CellModel | PsfModel

_EXPONENTS = (1.5, 2.0, 2.5, 3.0, 3.5, 4.0)
_BLURS = (0.0, 0.4, 0.8, 1.2)  # sigma, fine pixels
_AMPLITUDES = np.geomspace(0.1, 3.0, 16)
_MOST_FREQUENCIES = 12000
_EULER = 0.5772156649015329  # E of q − 1 − ln q for an exponential q with mean 1


@dataclass(frozen=True)
class Fit:
    """The best specimen, its noise power (counts²) and its chi-square: about 1 if all is right."""

    specimen: Specimen
    noise: float
    chi2: float


def transfer(model: LinearForwardModel, qy: Array, qx: Array) -> Complex:
    """Response of a measured pixel to a wave of `q` cycles per fine pixel, phase included.

    `qy` and `qx` broadcast against each other; a grid is quickest as `(H, 1)` and `(1, W)`.

    Read off the model itself: the footprint of one measured pixel far from any border. Every
    operator here is a product of its two axes and keeps a constant, which makes the footprint's
    marginal sums its two factors.
    """
    half, f = 8, model.factor
    impulse = torch.zeros(2 * half + 1, 2 * half + 1, dtype=torch.float64)
    impulse[half, half] = 1
    footprint = model.adjoint(impulse).numpy()
    place = np.arange(footprint.shape[0]) - half * f
    return axis_response(footprint.sum(axis=1), place, qy) * axis_response(
        footprint.sum(axis=0), place, qx
    )


def frequencies(height: int, width: int, lowest: float) -> tuple[Array, Array]:
    """An even choice of the frequencies of a map above `lowest`, cycles per measured pixel."""
    ky, kx = np.meshgrid(np.fft.fftfreq(height), np.fft.rfftfreq(width), indexing="ij")
    chosen = np.flatnonzero(np.hypot(ky, kx).ravel() > lowest)
    chosen = chosen[:: max(1, len(chosen) // _MOST_FREQUENCIES)]
    return ky.ravel()[chosen], kx.ravel()[chosen]


@lru_cache(maxsize=16)
def _candidates(
    model: GridModel, height: int, width: int, lowest: float
) -> tuple[tuple[tuple[float, float], Array], ...]:
    """((exponent, blur), spectrum of the map per unit power) for every candidate specimen."""
    ky, kx = frequencies(height, width, lowest)
    f = model.factor
    kinds = [(exponent, blur) for exponent in _EXPONENTS for blur in _BLURS]
    total = np.zeros((len(kinds), ky.size))
    for a in range(f):
        for b in range(f):
            qy = (ky / f + a / f + 0.5) % 1 - 0.5
            qx = (kx / f + b / f + 0.5) % 1 - 0.5
            seen = np.abs(transfer(model, qy, qx)) ** 2
            total += seen * np.stack([shape(qy**2 + qx**2, *kind) for kind in kinds])
    return tuple(zip(kinds, total / f**2, strict=True))


def _periodogram(
    y: Array, mask: NDArray[np.bool_], factor: float, lowest: float
) -> tuple[Array, float]:
    """Power of one map at the chosen frequencies, and the power its counting noise has there."""
    height, width = y.shape
    window = np.hanning(height + 2)[1:-1, None] * np.hanning(width + 2)[None, 1:-1] * mask
    weight = float((window**2).sum())
    centred = window * (y - float((window * y).sum() / window.sum()))
    power = np.abs(np.fft.rfft2(centred)) ** 2 / weight
    ky, kx = frequencies(height, width, lowest)
    rows = np.rint(ky * height).astype(int) % height
    columns = np.rint(kx * width).astype(int)
    noise = factor * float((window**2 * y).sum()) / weight
    return power[rows, columns], noise


def fit_specimen(
    model: GridModel,
    y: Array,
    variance_factor: float,
    mask: NDArray[np.bool_],
    lowest: float = 0.03,
) -> Fit | None:
    """Fit one channel `y` (h, w), counts; None where nothing stands out of counting noise.

    `lowest` (cycles per measured pixel) leaves out larger structures.
    """
    if not mask.any() or float((y * mask).sum()) <= 0:
        return None
    power, noise = _periodogram(y, mask, variance_factor, lowest)
    excess = float(np.clip(power - noise, 0, None).mean())
    # Noise alone leaves 1/e of itself above its mean; only more than that is structure.
    if excess < 0.5 * noise or not bool((power > 0).all()):
        return None
    best: Fit | None = None
    for (exponent, blur), spectrum in _candidates(model, *y.shape, lowest):
        for amplitude in _AMPLITUDES:
            level = amplitude * excess / float(spectrum.mean())
            q = power / (level * spectrum + noise)
            chi2 = float((q - 1 - np.log(q)).mean() / _EULER)
            if best is None or chi2 < best.chi2:
                best = Fit(Specimen(level, exponent, blur), noise, chi2)
    return best
