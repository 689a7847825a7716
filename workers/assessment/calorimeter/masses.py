"""Invariant masses of pairs: a check that needs no truth, for π⁰ → γγ peaks at 135 MeV.

What is seen twice, too near or too faint moves or widens the peak.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workers.events import Float

DRAWS, LEVEL = 200, (0.05, 0.95)
ENOUGH = 20  # pairs


@dataclass(frozen=True)
class Peak:
    """Where masses of pairs crowd, MeV: the mode, its 90 % interval, and the half-width around it
    that holds half of the pairs.
    """

    pairs: int
    mev: float
    low: float
    high: float
    half_width: float


def pair_masses(
    event: NDArray[np.int64], x: Float, y: Float, energy: Float, distance_mm: float
) -> Float:
    """MeV, of the two particles of every event that has exactly two.

    Each array has one value for each particle: its event, where it hit the plane in mm from the
    axis, its energy in MeV. They come from the axis, `distance_mm` before the plane:
    m² = 2 E₁ E₂ (1 − cos θ).
    """
    order = np.argsort(event, kind="stable")
    _, first, count = np.unique(event[order], return_index=True, return_counts=True)
    pairs = order[first[count == 2][:, None] + np.arange(2)]
    ways = np.stack([x[pairs], y[pairs], np.full(pairs.shape, distance_mm)], axis=-1)
    ways /= np.linalg.norm(ways, axis=-1, keepdims=True)
    # 1 − cos θ as half the squared chord: no digits are lost where particles are close.
    chord = ((ways[:, 0] - ways[:, 1]) ** 2).sum(axis=-1)
    masses: Float = np.sqrt(energy[pairs].prod(axis=-1) * chord)
    return masses


def peak(masses: Float, rng: np.random.Generator) -> Peak | None:
    """Where `masses` crowd; None of fewer than ENOUGH, which crowd by chance."""
    if len(masses) < ENOUGH:
        return None
    mode = _mode(masses)
    drawn = [_mode(rng.choice(masses, len(masses))) for _ in range(DRAWS)]
    low, high = np.quantile(drawn, LEVEL)
    width = float(np.median(np.abs(masses - mode)))
    return Peak(len(masses), mode, float(low), float(high), width)


def _mode(values: Float) -> float:
    """The half-sample mode (Bickel and Frühwirth 2006): the narrower half, again and again."""
    found = np.sort(values)
    while len(found) > 2:
        half = -(-len(found) // 2)
        widths = found[half - 1 :] - found[: len(found) - half + 1]
        start = int(widths.argmin())
        found = found[start : start + half]
    return float(found.mean())
