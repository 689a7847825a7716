"""Whether places in pixels can be right: neighbouring fields must overlap, and not coincide."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

POWER = 0.9  # of the beam lies in what is called its diameter
FEWEST, MOST = 0.0, 0.995  # overlap of neighbours in any scan that can be reconstructed
UNITS_M = {"m": 1.0, "um": 1e-6, "nm": 1e-9}


class Overlap(NamedTuple):
    """Median distance to the nearest place and diameter of the beam, in pixels of the object."""

    step: float
    diameter: float

    @property
    def share(self) -> float:
        """1 − step/diameter: 0 where neighbouring beams just touch."""
        return 1 - self.step / self.diameter

    @property
    def plausible(self) -> bool:
        return FEWEST < self.share < MOST


def overlap_of(positions: NDArray[np.float64], diameter: float) -> Overlap:
    """Of positions `(n, 2)` in pixels under a beam of this diameter."""
    return Overlap(step_of(positions), diameter)


def step_of(positions: NDArray[np.float64]) -> float:
    """Median distance to the nearest other place."""
    return float(np.median(cKDTree(positions).query(positions, 2)[0][:, 1]))


def diameter_of_probe(probe: NDArray[np.complex64]) -> float:
    """Diameter in pixels that holds nine tenths of the power of `(m, s, s)`."""
    return _diameter((np.abs(probe.astype(np.complex128)) ** 2).sum(axis=0))


def diameter_of_frames(frames: NDArray[np.generic]) -> float:
    """The same without a probe, from frames in counts with zero frequency at [0, 0].

    The Fourier transform of a frame is the autocorrelation of the wave behind the specimen, twice
    as wide as the beam. Its mean magnitude over frames ends where the beam does.
    """
    some = frames[:: max(1, len(frames) // 32)].astype(np.float64)
    wave = np.abs(np.fft.fft2(some - 0.0)).mean(axis=0)
    centred = np.fft.fftshift(np.maximum(wave - np.median(wave), 0))
    return max(_diameter(centred) / 2, 2.0)


def _diameter(power: NDArray[np.float64]) -> float:
    rows, columns = np.indices(power.shape)
    total = max(power.sum(), 1e-300)
    middle = (rows * power).sum() / total, (columns * power).sum() / total
    away = np.hypot(rows - middle[0], columns - middle[1]).ravel()
    order = np.argsort(away)
    reached = np.searchsorted(np.cumsum(power.ravel()[order]), POWER * total)
    return float(2 * away[order][min(reached, len(order) - 1)]) or 1.0
