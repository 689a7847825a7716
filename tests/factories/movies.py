"""Small movies whose truth is known."""

import shutil
import tempfile
from functools import cache
from pathlib import Path

import numpy as np
from django.conf import settings
from django.utils import timezone
from numpy.typing import NDArray

from fiducial.accounts.models import User
from fiducial.runs.models import Run
from tests.factories import measurements
from tests.factories.people import lab
from workers import run as door
from workers.measurement import Measurement as Map
from workers.recipes.catalogue import RECIPES
from workers.store import RunStore, write_measurement

FLIPS = (9, 17, 24)  # frames, from 0, at which the unit begins to be turned the other way


def flipping(
    rng: np.random.Generator, frames: int = 40, side: int = 96
) -> tuple[NDArray[np.float32], tuple[int, ...]]:
    """Three bright columns in a triangle that turns by 60° at `FLIPS`, drifting, with noise."""
    at = np.arange(side)
    middle = side / 2 + np.cumsum(0.3 * rng.standard_normal((frames, 2)), axis=0)
    movie = 0.08 * rng.standard_normal((frames, side, side))
    for t in range(frames):
        turned = sum(t >= flip for flip in FLIPS) % 2
        angles = 0.3 + turned * np.pi / 3 + np.arange(3) * 2 * np.pi / 3
        for x, y in middle[t] + 5.0 * np.column_stack([np.cos(angles), np.sin(angles)]):
            movie[t] += np.exp(-((at[:, None] - y) ** 2 + (at - x) ** 2) / (2 * 2.0**2))
    return movie.astype(np.float32), FLIPS


def finished_units(member: User) -> Run:
    """A succeeded run on a movie of a flipping unit, in a lab of its own; `member` works there."""
    frames, _ = flipping(np.random.default_rng(1))
    channels = tuple(f"frame {n + 1}" for n in range(len(frames)))
    mask = np.ones(frames.shape[1:], bool)
    content = Map(channels, frames, mask, "intensity", content="movie")
    made = measurements.ready(measurements.project(lab(member=member)), member, content, "Trimer")
    asked = RECIPES["unit-pathways"].clean({"window": 28, "members": 2}, made.summary)
    run = Run(
        measurement=made,
        measurement_revision=1,
        recipe="unit-pathways",
        parameters=asked,
        submitted_by=member,
        state=Run.State.SUCCEEDED,
        finished=timezone.now(),
    )
    run.store_path = f"runs/{run.pk}/1.zarr"
    path = settings.STORE / run.store_path
    path.parent.mkdir(parents=True)
    shutil.copytree(_computed(), path)
    run.summary = RunStore(path).summary
    run.save()
    return run


@cache
def _computed() -> Path:
    """The store of such a run, computed once."""
    folder = Path(tempfile.mkdtemp(prefix="fiducial-units-"))
    frames, _ = flipping(np.random.default_rng(1))
    channels = tuple(f"frame {n + 1}" for n in range(len(frames)))
    movie = Map(
        channels,
        frames,
        np.ones(frames.shape[1:], bool),
        "intensity",
        content="movie",
        provenance={"format": "drawn", "files": [], "open": []},
    )
    write_measurement(folder / "movie.zarr", movie)
    summary = {"channels": channels, "shape": frames.shape[1:], "content": "movie"}
    door.run(
        "unit-pathways",
        folder / "movie.zarr",
        folder / "run.zarr",
        RECIPES["unit-pathways"].clean({"window": 28, "members": 2}, summary),
        seed=0,
        report=lambda stage, share: None,
        should_stop=lambda: False,
    )
    return folder / "run.zarr"
