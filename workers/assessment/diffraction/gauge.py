"""What counting intensities cannot fix of an object, taken off before two are compared.

The frames stay the same when object and probe are multiplied by a factor and its inverse, both
moved together, or given opposite phase ramps. Averages and deviations of objects mean nothing
until these are equal.
"""

import math

import torch
from torch import Tensor

from workers.physics.propagation import fourier, inverse_fourier

ROUNDS = 3
ZOOMS = (0.1, 0.01, 0.001)  # steps of the search around the strongest wave, in its grid


def registered(image: Tensor, reference: Tensor, weight: Tensor) -> Tensor:
    """`image` with the factor, shift and phase ramp that bring it nearest to `reference`.

    All `(h, w)`, complex but for `weight`, which tells how much a pixel counts and should fall
    to nothing at the border (`window`).
    """
    for _ in range(ROUNDS):
        ramp = strongest_wave((image * reference.conj() * weight).to(torch.complex128))
        image = image * wave(-ramp, image.shape).to(image.dtype)
        cross = fourier(_contrast(image, weight)).conj() * fourier(_contrast(reference, weight))
        # Shifted, so that neighbouring frequencies are neighbours: a fraction of a pixel tells.
        ordered = torch.fft.fftshift(cross).to(torch.complex128)
        shift = -strongest_wave(ordered) * torch.tensor(image.shape)
        image = moved(image, shift)
    factor = (reference * image.conj() * weight).sum() / (image.abs().square() * weight).sum()
    return factor * image


def _contrast(image: Tensor, weight: Tensor) -> Tensor:
    """What of an image is not its mean: the window's own shape would hold it in place."""
    return (image - (image * weight).sum() / weight.sum()) * weight


def moved(image: Tensor, shift: Tensor) -> Tensor:
    """`image` moved by `shift` pixels (down, right), any fraction, around the border."""
    height, width = image.shape
    rows = torch.fft.fftfreq(height, dtype=torch.float64)[:, None] * shift[0]
    columns = torch.fft.fftfreq(width, dtype=torch.float64) * shift[1]
    angle = -2 * math.pi * (rows + columns)
    phases = torch.polar(torch.ones_like(angle), angle).to(image.dtype)
    return inverse_fourier(fourier(image) * phases)


def wave(frequency: Tensor, shape: torch.Size | tuple[int, int]) -> Tensor:
    """exp(2πi k·r) of a frequency in cycles per pixel (rows, columns), complex128 `shape`."""
    rows = torch.arange(shape[0], dtype=torch.float64)[:, None] * frequency[0]
    columns = torch.arange(shape[1], dtype=torch.float64) * frequency[1]
    angle = 2 * math.pi * (rows + columns)
    return torch.polar(torch.ones_like(angle), angle)


def strongest_wave(values: Tensor) -> Tensor:
    """The frequency k (cycles per pixel, `(2,)`) whose exp(2πi k·r) `values` hold most of.

    The peak of the transform, then a matrix transform on ever finer grids around it
    (Guizar-Sicairos, Thurman & Fienup, Optics Letters 33, 156, 2008).
    """
    height, width = values.shape
    peak = int(fourier(values).abs().argmax())
    places = (torch.fft.fftfreq(height)[peak // width], torch.fft.fftfreq(width)[peak % width])
    best = torch.stack(places).double()
    for zoom in ZOOMS:
        around = torch.arange(-15, 16, dtype=torch.float64) * zoom
        rows, columns = best[0] + around / height, best[1] + around / width
        seen = _transform(rows, height) @ values @ _transform(columns, width).T
        peak = int(seen.abs().argmax())
        best = torch.stack([rows[peak // 31], columns[peak % 31]])
    return best


def _transform(frequencies: Tensor, length: int) -> Tensor:
    angle = -2 * math.pi * frequencies[:, None] * torch.arange(length, dtype=torch.float64)
    return torch.polar(torch.ones_like(angle), angle)


def window(height: int, width: int) -> Tensor:
    """A Hann window of two dimensions, float32 `(h, w)`: 1 in the middle, 0 at the border."""
    rows = torch.hann_window(height, periodic=False)
    return rows[:, None] * torch.hann_window(width, periodic=False)
