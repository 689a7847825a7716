"""Finer calorimeter events as parquet and as a ROOT friend tree, keyed by the number of the event.

Both libraries are the optional extra `events`; without it these functions raise ImportError.
"""

import importlib
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from workers.writers.events import INTERVAL, PARTICLE, FineEvents

TREE = "fiducial"  # the name of the friend tree
LIBRARIES = ("pyarrow", "uproot", "awkward")


def installed() -> bool:
    """Whether both functions can write here."""
    return all(find_spec(name) for name in LIBRARIES)


def write_parquet(folder: Path, answer: FineEvents) -> None:
    """A new folder: `cells.parquet` (event, cell, s0, s1, … MeV; cells that may have energy),
    `number.parquet` (event, p0, p1, …) and `particles.parquet`.
    """
    arrow, parquet = (importlib.import_module(f"pyarrow{part}") for part in ("", ".parquet"))
    folder.mkdir()
    row, cell = np.nonzero(answer.samples.max(axis=1) > 0)
    samples = {f"s{k}": answer.samples[row, k, cell] for k in range(answer.samples.shape[1])}
    number = {f"p{k}": answer.number[:, k] for k in range(answer.number.shape[1])}
    tables = {
        "cells": {"event": answer.event[row], "cell": cell, **samples},
        "number": {"event": answer.event, **number},
        "particles": {name: answer.particles[name] for name in PARTICLE},
    }
    for name, columns in tables.items():
        parquet.write_table(arrow.table(columns), folder / f"{name}.parquet")


def write_root(path: Path, answer: FineEvents) -> None:
    """A tree `fiducial` with an entry for each event, in their order; `path` must not exist.

    Branches: `event`; `p0`, `p1`, …; lists `cells_cell`, `cells_mean`, `cells_lower`, `cells_upper`
    (90 %), `cells_s0`, … (MeV) of the cells that may have energy, `ncells` of them; lists
    `particle_x`, `particle_y`, `particle_energy`, `particle_risk`, `nparticle` of them.
    """
    ak, uproot = (importlib.import_module(name) for name in ("awkward", "uproot"))
    if path.exists():
        raise FileExistsError(path)
    seen = answer.samples.max(axis=1) > 0
    of_cells, (row, cell) = seen.sum(axis=1), np.nonzero(seen)
    drawn = answer.samples[row, :, cell]  # of a whole plane it would take a hundred times the room
    low, high = np.quantile(drawn, INTERVAL, axis=1).astype(np.float32)
    of_cell = {
        "cell": cell.astype(np.int32),
        "mean": drawn.mean(axis=1),
        "lower": low,
        "upper": high,
        **{f"s{k}": drawn[:, k] for k in range(drawn.shape[1])},
    }
    place = np.searchsorted(answer.event, answer.particles["event"], sorter=_order(answer))
    whose = _order(answer)[place]
    first = np.argsort(whose, kind="stable")
    of_particles = np.bincount(whose, minlength=len(answer.event))
    branches = {
        "event": ak.Array(answer.event),
        **{f"p{k}": ak.Array(answer.number[:, k]) for k in range(answer.number.shape[1])},
        "cells": ak.zip({n: ak.unflatten(values, of_cells) for n, values in of_cell.items()}),
        "particle": ak.zip(
            {
                name: ak.unflatten(answer.particles[name][first], of_particles)
                for name in PARTICLE[1:]
            }
        ),
    }
    with uproot.create(path) as file:
        tree = file.mktree(TREE, {name: values.type.content for name, values in branches.items()})
        tree.extend(branches)


def _order(answer: FineEvents) -> np.ndarray:
    """Rows of the events by their numbers."""
    return np.argsort(answer.event, kind="stable")
