"""What samples of an event say about the particles found in its estimate.

A particle of the estimate is a hallucination where no true one lies within `MATCH_MM` that no other
particle found is nearer to. Samples tell beforehand how likely that is: in how many of them a
maximum lies there, too.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import special

from workers.assessment.calorimeter.maxima import RING, maxima
from workers.assessment.calorimeter.particles import MATCH_MM, Found
from workers.assessment.risk import FeatureRisk
from workers.events import Float

Array = NDArray[np.float64]
ALONE_MM = 500.0  # to the next particle, where there is none
BRIGHT_MEV = (30.0, 300.0, 1500.0)  # cells are calibrated in classes of the energy estimated


@dataclass(frozen=True)
class Calibration:
    """Plain numbers for a card, learned where the truth is known.

    `least_mev` is the energy from which a maximum is a particle; `cells` widens the spread of
    samples in each class of `BRIGHT_MEV`, `particle` that of particles' energies; `warmth` divides
    the logits of the number of particles.
    """

    least_mev: float
    cells: tuple[float, ...]
    particle: float
    warmth: float
    risk: FeatureRisk = field(repr=False)

    def to_card(self) -> dict[str, object]:
        return {**vars(self), "cells": list(self.cells), "risk": self.risk.to_card()}

    @classmethod
    def from_card(cls, card: Mapping[str, object]) -> "Calibration":
        """Raises ValueError where the risk of the card is none."""
        risk, cells = card["risk"], card["cells"]
        if not isinstance(risk, Mapping) or not isinstance(cells, list):
            raise ValueError("The model card has no calibration of cells, or of the risk.")
        numbers = {name: float(str(card[name])) for name in ("least_mev", "particle", "warmth")}
        return cls(cells=tuple(map(float, cells)), risk=FeatureRisk.from_card(risk), **numbers)


@dataclass(frozen=True, eq=False)
class Imagined:
    """Particles `found` in estimates, `(m,)` each.

    `share` of the samples without a maximum there; `mev` and `error` are mean and standard
    deviation of the energy of the 3 × 3 cells around it over the samples.
    """

    found: Found
    share: Array
    mev: Array
    error: Array

    def covariates(self) -> Array:
        """What its risk is calibrated on, `(m, 4)`: absence among samples, energy, its spread, and
        how near the next particle lies."""
        absent = special.logit(self.share.clip(0.02, 0.98))
        relative = self.error / np.maximum(self.mev, 1.0)
        near = nearest_mm(self.found)
        return np.column_stack([absent, np.log(np.maximum(self.mev, 1.0)), relative, near / 100])


def imagined(mean: Float, samples: Float, pitch_mm: float, least_mev: float) -> Imagined:
    """Particles of the estimate `mean` `(n, layers, R, R)` beside `samples` `(n, k, …)`, MeV."""
    found = maxima(mean, pitch_mm).above(least_mev)
    count = samples.shape[1]
    boxes = np.stack([energy_near(samples[:, k], found, pitch_mm) for k in range(count)])
    absent = [
        ~_has_near(found, maxima(samples[:, k], pitch_mm).above(least_mev)) for k in range(count)
    ]
    return Imagined(
        found=found,
        share=np.mean(absent, axis=0) if len(found.event) else np.zeros(0),
        mev=energy_near(mean, found, pitch_mm),
        error=boxes.std(axis=0, ddof=1),
    )


def energy_near(fine: Float, found: Found, pitch_mm: float) -> Array:
    """Energy of the 3 × 3 cells around the cell each particle lies in, MeV `(m,)`."""
    summed = np.pad(fine.sum(axis=1, dtype=np.float64), ((0, 0), (RING, RING), (RING, RING)))
    middle, last = (fine.shape[-1] - 1) / 2, fine.shape[-1] - 1
    row = np.rint(found.y_mm / pitch_mm + middle).astype(np.int64).clip(0, last)
    column = np.rint(found.x_mm / pitch_mm + middle).astype(np.int64).clip(0, last)
    along = np.arange(2 * RING + 1)
    rows, columns = row[:, None, None] + along[:, None], column[:, None, None] + along
    total: Array = summed[found.event[:, None, None], rows, columns].sum(axis=(1, 2))
    return total


def nearest_mm(found: Found) -> Array:
    """How far the next particle of its event is, `(m,)`, at most `ALONE_MM`."""
    apart = np.full(len(found.event), ALONE_MM)
    for event in np.unique(found.event):
        mine = np.flatnonzero(found.event == event)
        far = np.hypot(
            found.x_mm[mine, None] - found.x_mm[mine], found.y_mm[mine, None] - found.y_mm[mine]
        )
        np.fill_diagonal(far, ALONE_MM)
        apart[mine] = np.minimum(far.min(axis=1), ALONE_MM)
    return apart


def classes(mean: Float) -> NDArray[np.int64]:
    """The class of `BRIGHT_MEV` of each cell: 0 is fainter than all, and has no calibration."""
    return np.searchsorted(BRIGHT_MEV, mean, side="right").astype(np.int64)


def _has_near(found: Found, other: Found) -> NDArray[np.bool_]:
    """Whether a particle of `other` lies within `MATCH_MM` of each of `found`."""
    near = np.zeros(len(found.event), np.bool_)
    for event in np.unique(found.event):
        mine, theirs = found.event == event, other.event == event
        far = np.hypot(
            found.x_mm[mine][:, None] - other.x_mm[theirs],
            found.y_mm[mine][:, None] - other.y_mm[theirs],
        )
        near[mine] = (far <= MATCH_MM).any(axis=1)
    return near
