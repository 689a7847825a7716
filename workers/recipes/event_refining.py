"""The numerics of `calorimeter`: from events of coarse cells to samples of finer ones."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path as File
from typing import Any

import numpy as np
import torch

from workers import store
from workers.assessment.calorimeter.closure import BLOCK, Closure, closure
from workers.assessment.calorimeter.imagined import Calibration
from workers.assessment.calorimeter.known import taught, told
from workers.events import Events
from workers.physics.calorimeter.geometry import PITCH_MM
from workers.posteriors.calorimeter.model import ShowerModel
from workers.recipes import event_counts, event_words
from workers.recipes.calorimeter import BATCH, FACTORS, LAYERS
from workers.recipes.event_planes import Plane
from workers.recipes.event_results import written
from workers.recipes.event_rows import Batch, Columns, tables
from workers.recipes.event_sums import joined
from workers.recipes.events_file import answer_of
from workers.run import Report, ShouldStop, Stopped
from workers.training.cards import CALORIMETER, card
from workers.training.registry import load_showers
from workers.writers.events import FineEvents

CLOSED = 256  # events that are coarsened once more
STEPPED = 32  # events of which the way out of noise is kept
SHOWN = (0.2, 0.4, 0.6, 0.8)  # of the steps of it


def run(
    measurement: File,
    output: File,
    parameters: dict[str, Any],
    *,
    seed: int,
    report: Report,
    should_stop: ShouldStop,
) -> dict[str, Any]:
    """See `workers.run.run`. Raises RunError for a calorimeter the networks do not know."""
    began = time.monotonic()
    report("reading events", 0.0)
    events = store.read_measurement(measurement, Events)
    plane = Plane.of(events.geometry)
    model = replace(load_showers(plane.factor), steps=parameters["steps"])
    rows = []
    for part in _parts(events, plane, model, parameters["samples"], seed):
        if should_stop():
            raise Stopped
        rows.append(part)
        done = sum(len(each["events"]["event"]) for each in rows)
        report(_stage(done, len(events), rows), 0.02 + 0.9 * done / len(events))
    if should_stop():
        raise Stopped
    foreign = _foreign(events, plane, model)
    report("counting the first events in other ways", 0.93)
    # Of another calorimeter neither the mean shower nor the reconstruction knows anything.
    counts = None if foreign else event_counts.counted(events, plane, rows[0])
    report("writing them down", 0.96)
    summary = written(
        output,
        events,
        plane,
        rows,
        provenance=_provenance(events, parameters, seed, measurement),
        foreign=foreign,
        closed=_closed(events, plane),
        counts=counts,
        began=began,
    )
    report("done", 1.0)
    return summary


def refined(events: Events, samples: int = 16, seed: int = 0) -> FineEvents:
    """The same answer in one call, without store or portal; RunError as for `run`.

    `write_hdf5` of `workers.writers.events` and both functions of `workers.writers.event_columns`
    write it.
    """
    plane = Plane.of(events.geometry)
    found = joined(list(_parts(events, plane, load_showers(plane.factor), samples, seed)))
    return answer_of(events, found)


def _parts(
    events: Events, plane: Plane, model: ShowerModel, samples: int, seed: int
) -> Iterator[Mapping[str, Columns]]:
    """Rows of the tables, a batch of events after the other; the same for a seed."""
    geometry = events.geometry
    known = Calibration.from_card(card(CALORIMETER)["calibration"][f"x{plane.factor}"])
    familiar = taught(plane.factor)
    for first in range(0, len(events), BATCH):
        batch = _answered(events, plane, model, samples, (seed, first))
        away = familiar.distance(told(batch.energies, batch.kept))
        number = {f"p{n + 1}": batch.number[:, n] for n in range(batch.number.shape[1])}
        yield {
            **tables(batch, plane, geometry.parent, geometry.sigma, known),
            "events": {
                "event": np.arange(len(away)),
                "energy": (batch.energies * batch.kept).sum(axis=(1, 2, 3)),
                **number,
                "distance": away,
                "abstained": (away > familiar.limit).astype(np.int8),
            },
        }


def _answered(
    events: Events, plane: Plane, model: ShowerModel, samples: int, seed: tuple[int, int]
) -> Batch:
    """What the networks say of the batch that begins at `seed[1]`."""
    first = seed[1]
    energies, kept = plane.energies(events, slice(first, min(first + BATCH, len(events))))
    given = torch.from_numpy(energies), torch.from_numpy(kept)
    drawing = int(np.random.SeedSequence(seed).generate_state(1)[0])
    found = model.estimate(*given)
    drawn = model.samples(*given, samples, torch.Generator().manual_seed(drawing))
    steps = []
    if first == 0:
        few, there = (each[:STEPPED] for each in given)
        whole = model.course(few, there, 0, torch.Generator().manual_seed(drawing))
        wanted = {round(share * model.steps) for share in SHOWN}
        steps = [x.numpy() for k, x in enumerate(whole, start=1) if k in wanted]
    return Batch(
        first=first,
        energies=energies,
        kept=kept,
        mean=found.mean.numpy(),
        number=found.number.numpy(),
        samples=drawn.numpy(),
        steps=tuple(steps),
    )


def _stage(done: int, count: int, rows: list[Mapping[str, Columns]]) -> str:
    particles = sum(len(each["particles"]["event"]) for each in rows)
    return f"event {done:,} of {count:,}: {particles:,} particles so far"


def _foreign(events: Events, plane: Plane, model: ShowerModel) -> list[str]:
    geometry = events.geometry
    noise = [float(np.median(geometry.sigma[geometry.coarse.layer == k])) for k in range(LAYERS)]
    return event_words.foreign(
        plane.pitch_mm, PITCH_MM, noise, model.split.sigma.flatten().tolist()
    )


def _closed(events: Events, plane: Plane) -> Closure | None:
    """Closure of the first events; None where no network knows cells twice as wide."""
    if plane.factor * BLOCK not in FACTORS or plane.rows % BLOCK:
        return None
    measured = plane.energies(events, slice(0, min(CLOSED, len(events))))
    return closure(load_showers(plane.factor * BLOCK), *measured)


def _provenance(
    events: Events, parameters: dict[str, Any], seed: int, measurement: File
) -> dict[str, Any]:
    return {
        "recipe": "calorimeter",
        "recipe_version": "1",
        "parameters": parameters,
        "seed": seed,
        "forward_model": "cells are the sums of their finer cells",
        "noise": {"model": "Gaussian, its width stated for every cell; faint cells suppressed"},
        "units": "MeV",
        "pixel_size_um": None,
        "model": {"name": CALORIMETER, "weights": card(CALORIMETER)["weights"]},
        "measurement": {"content_hash": store.content_hash(measurement), **events.provenance},
        "libraries": {name: version(name) for name in ("torch", "numpy", "zarr", "scipy")},
    }
