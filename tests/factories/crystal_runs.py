"""A succeeded run on a rocking curve, phased once for all tests."""

import shutil
from pathlib import Path

import numpy as np
from django.conf import settings
from django.utils import timezone

from fiducial.accounts.models import User
from fiducial.runs.models import Run
from workers import run as door
from workers.recipes.catalogue import RECIPES
from workers.store import RunStore, write_measurement
from workers.volume import Volume

from . import measurements
from .once import once
from .people import lab

SIDE = 24
ASKED = {"side": SIDE, "threshold": 3.0, "starts": 2}


def finished_curve(member: User) -> Run:
    """A run in a lab of its own, where `member` works."""
    made = measurements.ready(measurements.project(lab(member=member)), member, curve(), "Grain 7")
    run = Run(
        measurement=made,
        measurement_revision=1,
        recipe="bragg",
        parameters=RECIPES["bragg"].clean(ASKED, made.summary),
        submitted_by=member,
        state=Run.State.SUCCEEDED,
        finished=timezone.now(),
    )
    run.store_path = f"runs/{run.pk}/1.zarr"
    path = settings.STORE / run.store_path
    path.parent.mkdir(parents=True)
    shutil.copytree(once("crystal", _compute) / "run.zarr", path)
    run.summary = RunStore(path).summary
    run.save()
    return run


def curve() -> Volume:
    """Counts around the peak of a small box with two corners cut off, strained along its turn."""
    at = np.arange(SIDE) - SIDE // 2
    z, y, x = at[:, None, None], at[:, None], at
    inside = (abs(z) < 4) & (abs(y) < 5) & (abs(x) < 3) & (z + y < 5) & (x - y < 5)
    wave = np.fft.fftshift(np.fft.fftn(inside * np.exp(0.125j * z)))
    intensity = np.abs(wave) ** 2
    counts = np.random.default_rng(0).poisson(1e6 * intensity / intensity.max())
    return Volume(
        counts.astype(np.uint32), provenance={"format": "drawn", "files": [], "open": False}
    )


def _compute(folder: Path) -> None:
    write_measurement(folder / "curve.zarr", curve())
    door.run(
        "bragg",
        folder / "curve.zarr",
        folder / "run.zarr",
        ASKED,
        seed=0,
        report=lambda stage, share: None,
        should_stop=lambda: False,
    )
