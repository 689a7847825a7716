"""Small movies whose truth is known."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings
from django.utils import timezone
from numpy.typing import NDArray
from scipy import ndimage

from fiducial.accounts.models import User
from fiducial.runs.models import Run
from tests.factories import measurements
from tests.factories.once import once
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


def switching(rng: np.random.Generator, side: int = 96) -> NDArray[np.float32]:
    """Phases in degrees of domains, of which the lower third is switched from frame 2 of 3 on."""
    rows = np.arange(side)[:, None]
    island = ndimage.gaussian_filter(rng.standard_normal((side, side)), 8) > 0.035
    frames = []
    for t in range(3):
        up = island | ((rows >= 2 * side // 3) & (t > 0))
        frames.append(np.where(up, 120.0, -60.0) + 8 * rng.standard_normal((side, side)))
    return np.stack(frames).astype(np.float32)


def finished_units(member: User, what: str = "brightest") -> Run:
    """A succeeded run in a lab of its own, where `member` works: on a flipping unit, or on "places"
    of a sample that switches.
    """
    frames, asked = _asked(what)
    channels = tuple(f"frame {n + 1}" for n in range(len(frames)))
    mask = np.ones(frames.shape[1:], bool)
    content = Map(channels, frames, mask, "intensity", content="movie")
    made = measurements.ready(measurements.project(lab(member=member)), member, content, "Trimer")
    asked = RECIPES["unit-pathways"].clean(asked, made.summary)
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
    shutil.copytree(computed(what) / "run.zarr", path)
    run.summary = RunStore(path).summary
    run.save()
    return run


def _asked(what: str) -> tuple[NDArray[np.float32], dict[str, Any]]:
    if what == "places":
        return switching(np.random.default_rng(1)), {"what": what, "window": 12, "members": 2}
    return flipping(np.random.default_rng(1))[0], {"window": 28, "members": 2}


def computed(what: str = "brightest") -> Path:
    """A folder with such a movie, `movie.zarr`, the run of it, `run.zarr`, and `told.json`: the
    stages it told of. Computed once for all tests, since the networks take half a minute.
    """
    return once(f"units-{what}", lambda folder: _compute(folder, what))


def _compute(folder: Path, what: str) -> None:
    frames, asked = _asked(what)
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
    told: list[str] = []
    door.run(
        "unit-pathways",
        folder / "movie.zarr",
        folder / "run.zarr",
        RECIPES["unit-pathways"].clean(asked, summary),
        seed=0,
        report=lambda stage, share: told.append(stage),
        should_stop=lambda: False,
    )
    (folder / "told.json").write_text(json.dumps(told))
