"""What is kept of a batch of refined events: rows of the tables of a run."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workers.assessment.calorimeter.imagined import Calibration, classes, imagined
from workers.events import Float
from workers.recipes.event_planes import Plane

LEVEL = (0.05, 0.95)
Columns = dict[str, NDArray[Any]]
Index = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Batch:
    """Events from row `first` on, as the networks answer them, all `(b, …, layers, R, R)` in MeV.

    `energies` and `kept` are of coarse cells; `steps` are those of the first sample of the first
    events, or none.
    """

    first: int
    energies: Float
    kept: NDArray[np.bool_]
    mean: Float
    number: Float
    samples: Float
    steps: tuple[Float, ...]


def intervals(mean: Float, samples: Float, known: Calibration) -> tuple[Float, Float, Float]:
    """sd, lower and upper end of the 90 % interval of cells: `(b, …)` and samples `(b, k, …)`.

    Bright cells have intervals of the calibrated width; faint ones the quantiles of samples.
    """
    sd = samples.std(axis=1, ddof=1)
    width = np.array((0.0, *known.cells))[classes(mean)]
    half = width * np.maximum(sd, 1.0)
    low, high = np.quantile(samples, LEVEL, axis=1)
    bright = width > 0
    lower = np.where(bright, np.maximum(mean - half, 0), np.minimum(low, mean))
    upper = np.where(bright, mean + half, np.maximum(high, mean))
    return sd.astype(np.float32), lower.astype(np.float32), upper.astype(np.float32)


def tables(
    batch: Batch, plane: Plane, parent: Index, sigma: Float, known: Calibration
) -> Mapping[str, Columns]:
    """Rows of `cells`, `samples`, `steps`, `coarse` and `particles`; see docs/contracts.md.

    `parent` `(fine,)` are the coarse cells of the geometry, `sigma` `(coarse,)` their noise.
    """
    b = len(batch.mean)
    kept = batch.kept.reshape(b, -1)[:, plane.coarse]
    row, cell = np.nonzero(kept[:, parent])
    mean, samples = (plane.cells(each) for each in (batch.mean, batch.samples))
    sd, lower, upper = intervals(mean, samples, known)
    here = row, cell
    columns = {"mean": mean, "sd": sd, "lower": lower, "upper": upper}
    stepped = row < (len(batch.steps[0]) if batch.steps else 0)
    few = row[stepped], cell[stepped]
    return {
        "cells": {"event": row + batch.first, "cell": cell}
        | {name: values[here] for name, values in columns.items()},
        "samples": {f"s{k}": samples[:, k][here] for k in range(samples.shape[1])},
        "steps": {f"p{k}": plane.cells(each)[few] for k, each in enumerate(batch.steps)},
        "coarse": _coarse(batch, plane, kept, (mean, samples), parent, sigma),
        "particles": _particles(batch, plane, known),
    }


def _coarse(
    batch: Batch,
    plane: Plane,
    kept: NDArray[np.bool_],
    found: tuple[Float, Float],
    parent: Index,
    sigma: Float,
) -> Columns:
    """Sums over children minus what was measured, in σ: of the mean, and of samples (rms)."""
    measured = batch.energies.reshape(len(kept), -1)[:, plane.coarse]
    row, cell = np.nonzero(kept)
    off = [
        (_summed(values, parent, len(sigma)) - other) / sigma
        for values, other in ((found[0], measured), (found[1], measured[:, None]))
    ]
    return {
        "event": row + batch.first,
        "cell": cell,
        "energy": measured[row, cell],
        "residual": off[0][row, cell].astype(np.float32),
        "rms": np.sqrt((off[1] ** 2).mean(axis=1))[row, cell].astype(np.float32),
        "worst": np.abs(off[1]).max(axis=1)[row, cell].astype(np.float32),
    }


def _summed(fine: Float, parent: Index, coarse: int) -> NDArray[np.float64]:
    """`(…, fine) -> (…, coarse)`: sums over children."""
    flat = fine.reshape(-1, len(parent))
    summed = np.stack([np.bincount(parent, each, coarse) for each in flat]).astype(np.float64)
    return summed.reshape(*fine.shape[:-1], coarse)


def _particles(batch: Batch, plane: Plane, known: Calibration) -> Columns:
    seen = imagined(batch.mean, batch.samples, plane.pitch_mm, known.least_mev)
    half = known.particle * np.maximum(seen.error, 1.0)
    risk = known.risk.probability(seen.covariates()) if len(seen.mev) else np.zeros(0)
    return {
        "event": seen.found.event + batch.first,
        "x": seen.found.x_mm + plane.middle[0],
        "y": seen.found.y_mm + plane.middle[1],
        "energy": seen.mev,
        "lower": np.maximum(seen.mev - half, 0),
        "upper": seen.mev + half,
        "absent": seen.share,
        "risk": risk,
    }
