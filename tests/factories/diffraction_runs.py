"""A succeeded run on a drawn diffraction scan, reconstructed once for all tests."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings
from django.utils import timezone

from fiducial.accounts.models import User
from fiducial.runs.models import Run
from workers import run as door
from workers.recipes.catalogue import RECIPES
from workers.scan import DiffractionScan
from workers.store import RunStore, write_measurement

from . import measurements, scans
from .once import once
from .people import lab

NAME = "Bubbles"
ACROSS = 8
FRAMES = ACROSS**2


def finished_scan(member: User, **of_summary: Any) -> Run:
    """A run in a lab of its own, where `member` works; `of_summary` replaces what it found."""
    project = measurements.project(lab(member=member))
    made = measurements.ready(project, member, drawn(), NAME)
    run = Run(
        measurement=made,
        measurement_revision=1,
        recipe="diffraction",
        parameters=asked(made.summary),
        submitted_by=member,
        state=Run.State.SUCCEEDED,
        finished=timezone.now(),
    )
    run.store_path = f"runs/{run.pk}/1.zarr"
    path = settings.STORE / run.store_path
    path.parent.mkdir(parents=True)
    shutil.copytree(computed() / "run.zarr", path)
    if of_summary:
        _rewrite(path / "zarr.json", of_summary)
    run.summary = RunStore(path).summary
    run.save()
    return run


def drawn() -> DiffractionScan:
    """A small scan of a known object, whose pixel is 10 nm."""
    frames, places, probe = scans.counted(across=ACROSS)
    return scans.scan(
        frames=frames, positions=places, index=np.arange(FRAMES), probe=probe, pixel_nm=10.0
    )


def asked(summary: dict[str, Any]) -> dict[str, Any]:
    """Parameters of a run that takes a few seconds and moves places."""
    quick = {"modes": 1, "epochs": 6, "samples": 8, "places": True}
    return RECIPES["diffraction"].clean(quick, summary)


def computed() -> Path:
    """A folder with the scan, `scan.zarr`, and the run of it, `run.zarr`."""
    return once("diffraction", _compute)


def _compute(folder: Path) -> None:
    scan = drawn()
    write_measurement(folder / "scan.zarr", scan)
    span = [float(each) for each in scan.positions.max(axis=0) - scan.positions.min(axis=0)]
    facts = {"content": "scan", "shape": [scan.side] * 2, "frames": len(scan.frames)}
    door.run(
        "diffraction",
        folder / "scan.zarr",
        folder / "run.zarr",
        asked(facts | {"span_px": span}),
        seed=0,
        report=lambda stage, share: None,
        should_stop=lambda: False,
    )


def _rewrite(attributes: Path, of_summary: dict[str, Any]) -> None:
    known = json.loads(attributes.read_text())
    known["attributes"]["fiducial"]["summary"] |= of_summary
    attributes.write_text(json.dumps(known))
