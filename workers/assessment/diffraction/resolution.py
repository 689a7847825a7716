"""The finest detail that two halves of the data agree on: Fourier ring correlation."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from workers.assessment.diffraction.gauge import registered, window
from workers.physics.propagation import fourier


@dataclass(frozen=True)
class RingCorrelation:
    """Correlation of each ring, its half-bit threshold, and frequency in cycles per pixel."""

    frequency: NDArray[np.float64]
    correlation: NDArray[np.float64]
    threshold: NDArray[np.float64]

    @property
    def period(self) -> float:
        """The period in pixels at the *last* crossing below the half-bit threshold.

        The first one fails where an object has little contrast at low frequency. Infinite when no
        ring is above it, 2 when all are.
        """
        above = np.flatnonzero(self.correlation >= self.threshold)
        if not len(above):
            return float("inf")
        last = int(above[-1])
        if last + 1 == len(self.frequency):
            return 1 / float(self.frequency[last])
        over = self.correlation[last : last + 2] - self.threshold[last : last + 2]
        share = over[0] / (over[0] - over[1])
        step = self.frequency[last + 1] - self.frequency[last]
        return 1 / float(self.frequency[last] + share * step)


def ring_correlation(first: Tensor, second: Tensor) -> RingCorrelation:
    """Of two complex objects `(s, s)` from independent halves of the data.

    They are registered first, and windowed: a window's area counts as independent pixels.
    Threshold: van Heel & Schatz, J. Struct. Biol. 151, 250 (2005), half a bit.
    """
    side = first.shape[-1]
    weight = window(side, side)
    one = fourier(registered(first, second, weight) * weight)
    other = fourier(second * weight)
    frequency = torch.fft.fftfreq(side)
    rings = (side * (frequency[:, None].square() + frequency.square()).sqrt()).round().long()
    count = side // 2 + 1

    def summed(values: Tensor) -> Tensor:
        total = torch.zeros(int(rings.max()) + 1, dtype=torch.float64)
        return total.index_add_(0, rings.reshape(-1), values.double().reshape(-1))[:count]

    cross = summed((one * other.conj()).real)
    power = (summed(one.abs().square()) * summed(other.abs().square())).sqrt()
    pixels = summed(torch.ones(side, side)) * float(weight.square().mean())
    root = pixels.sqrt().numpy()
    threshold = (0.2071 + 1.9102 / root) / (1.2071 + 0.9102 / root)
    correlation = (cross / power.clamp_min(torch.finfo(power.dtype).tiny)).numpy()
    return RingCorrelation(np.arange(1, count) / side, correlation[1:], threshold[1:])
