"""Finer calorimeter events as HDF5 or as text tables, keyed by the number of the event.

HDF5 (`write_hdf5`), beside the geometry of the fine cells:

| name                                  | what                                            |
|---------------------------------------|-------------------------------------------------|
| `event`                               | int64 (n,)                                      |
| `samples`                             | float32 (n, samples, fine) MeV                  |
| `number`                              | float32 (n, most + 1): P(N = 0, 1, …)           |
| `particles/event, x, y, energy, risk` | (m,): place, MeV, P(absent in truth)            |
| `cells/layer, x, y, width, height, parent` | (fine,)                                    |

Text (`write_tables`): `cells.csv` holds mean and 90 % interval of every cell that may have energy,
`number.csv` P(N), `particles.csv` the particles.
"""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from workers.events import Float, Geometry

INTERVAL = (0.05, 0.95)
PARTICLE = ("event", "x", "y", "energy", "risk")


@dataclass(frozen=True, eq=False)
class FineEvents:
    """What is known of fine cells: `event` int64 `(n,)`, `samples` float32 `(n, k, fine)` MeV.

    `number` float32 `(n, most + 1)` is the probability of N = 0, 1, … particles; `particles`
    `(m,)` columns by the names of PARTICLE: which event, place (mm or η and φ), MeV, risk.
    """

    event: NDArray[np.int64]
    samples: Float
    number: Float
    particles: Mapping[str, NDArray[Any]]
    geometry: Geometry

    def __post_init__(self) -> None:
        """Refuse parts that do not fit each other (ValueError)."""
        n, fine = len(self.event), len(self.geometry.fine)
        if self.samples.ndim != 3 or (len(self.samples), self.samples.shape[2]) != (n, fine):
            raise ValueError(f"samples of {self.samples.shape} for {n} events of {fine} cells")
        if len(self.number) != n or not np.allclose(self.number.sum(axis=1), 1, atol=1e-4):
            raise ValueError("The probabilities of the number of particles do not add up to 1.")
        if set(self.particles) != set(PARTICLE):
            raise ValueError(f"Particles have the columns {', '.join(PARTICLE)}.")
        unknown = np.setdiff1d(self.particles["event"], self.event)
        if unknown.size:
            raise ValueError(f"A particle is in event {unknown[0]}, which is not there.")


def write_hdf5(path: Path, answer: FineEvents) -> None:
    """One file of everything; it must not exist."""
    with h5py.File(path, "x") as file:
        file["event"] = answer.event
        options = {"compression": "gzip", "compression_opts": 4, "shuffle": True}
        chunk = (1, *answer.samples.shape[1:]) if answer.samples.size else None
        file.create_dataset("samples", data=answer.samples, chunks=chunk, **options)
        file["number"] = answer.number
        file["samples"].attrs["unit"] = "MeV"
        for name in PARTICLE:
            file[f"particles/{name}"] = answer.particles[name]
        for name, column in answer.geometry.fine.columns().items():
            file[f"cells/{name}"] = column
        file["cells/parent"] = answer.geometry.parent
        file["cells"].attrs["frame"] = answer.geometry.frame


def write_tables(folder: Path, answer: FineEvents) -> None:
    """Three tables in a new folder."""
    folder.mkdir()
    _write(folder / "cells.csv", ("event", "cell", "mean", "lower", "upper"), _cells(answer))
    heading = ("event", *(f"p{number}" for number in range(answer.number.shape[1])))
    rows = (
        (event, *map(_short, chances))
        for event, chances in zip(answer.event, answer.number, strict=True)
    )
    _write(folder / "number.csv", heading, rows)
    columns = [answer.particles[name] for name in PARTICLE]
    found = ((row[0], *map(_short, row[1:])) for row in zip(*columns, strict=True))
    _write(folder / "particles.csv", PARTICLE, found)


def _cells(answer: FineEvents) -> Iterable[tuple[Any, ...]]:
    for event, samples in zip(answer.event, answer.samples, strict=True):
        seen = np.flatnonzero(samples.max(axis=0) > 0)
        lower, upper = np.quantile(samples[:, seen], INTERVAL, axis=0)
        for cell, *values in zip(seen, samples[:, seen].mean(axis=0), lower, upper, strict=True):
            yield (event, cell, *map(_short, values))


def _short(value: float) -> str:
    return f"{value:.6g}"


def _write(path: Path, heading: tuple[str, ...], rows: Iterable[tuple[Any, ...]]) -> None:
    with path.open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(heading)
        table.writerows(rows)
