"""Finished runs on calorimeter events whose samples are the truth, blurred: no network is asked."""

import time
from pathlib import Path

import numpy as np

from tests.factories import events
from workers.assessment.calorimeter.closure import Closure
from workers.assessment.calorimeter.imagined import Calibration
from workers.assessment.risk import FeatureRisk
from workers.events import Events
from workers.recipes.event_counts import WAYS
from workers.recipes.event_planes import Plane
from workers.recipes.event_results import written
from workers.recipes.event_rows import Batch, tables

KNOWN = Calibration(500.0, (1.6, 1.6, 1.6), 1.6, 1.0, FeatureRisk(-1.0, (0.8, -0.1, 1.0, -0.1)))
SAMPLES = 8
DISTANCE_MM = 1500.0
STEPPED = 4  # events of which steps are kept


def batch_of(held: Events, plane: Plane, seed: int = 0) -> Batch:
    """All events of `held`, whose cells are those of `planar`."""
    rng = np.random.default_rng(seed)
    energies, kept = plane.energies(held, slice(0, len(held)))
    assert held.truth is not None
    fine = held.truth.reshape(len(held), 3, 32, 32)
    fine = fine * kept.repeat(plane.factor, axis=-2).repeat(plane.factor, axis=-1)
    samples = fine[:, None] * rng.lognormal(0, 0.3, (len(held), SAMPLES, 1, 1, 1))
    samples = (samples + rng.exponential(5, samples.shape) * (fine > 0)[:, None]).astype(np.float32)
    number = rng.dirichlet(np.ones(5), len(held)).astype(np.float32)
    steps = tuple(
        (samples[:STEPPED, 0] * share).astype(np.float32) for share in (0.2, 0.4, 0.6, 0.8)
    )
    return Batch(0, energies, kept, samples.mean(axis=1), number, samples, steps)


def write(path: Path, held: Events | None = None) -> Events:
    """A run store at `path`; returns the events it is of."""
    held = held or events.read()
    plane = Plane.of(held.geometry)
    batch = batch_of(held, plane)
    rows = tables(batch, plane, held.geometry.parent, held.geometry.sigma, KNOWN)
    numbered = np.arange(len(held))
    of_events = {
        "event": numbered,
        "energy": (batch.energies * batch.kept).sum(axis=(1, 2, 3)),
        **{f"p{n + 1}": batch.number[:, n] for n in range(5)},
        "distance": np.ones(len(held)),
        "abstained": (numbered == 1).astype(np.int8),
    }
    provenance = {
        "recipe": "calorimeter",
        "recipe_version": "1",
        "parameters": {"samples": SAMPLES, "steps": 10, "distance_mm": DISTANCE_MM},
        "seed": 0,
        "units": "MeV",
        "pixel_size_um": None,
        "noise": {"model": "Gaussian"},
        "measurement": held.provenance,
    }
    written(
        path,
        held,
        plane,
        [{**rows, "events": of_events}],
        provenance=provenance,
        foreign=[],
        closed=Closure(len(held), 0.3, 0.8),
        counts={
            way: (np.arange(len(held)) % (2 + k)).astype(np.int8) for k, way in enumerate(WAYS)
        },
        began=time.monotonic(),
    )
    return held
