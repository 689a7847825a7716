"""A run that succeeded, with its rows in the database and its files in the store."""

import shutil
import tempfile
from functools import cache
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from fiducial import places
from fiducial.accounts.models import User
from fiducial.runs.models import Run
from workers.measurement import Measurement as Map
from workers.store import RunStore

from . import measurements, run_store
from .people import lab, person

WRITTEN: list[tuple[run_store.Specimen, int, Path]] = []


def finished_run(
    member: User | None = None,
    *,
    specimen: run_store.Specimen | None = None,
    samples: int = 2,
    name: str = "",
) -> Run:
    """A succeeded run of a drawn specimen in a lab of its own; `member` works there."""
    member = member or person()
    specimen = specimen or _drawn()
    sampling = "fine" if specimen.factor == 1 else "binned"
    content = Map(
        channels=specimen.channels,
        values=specimen.counts,
        mask=specimen.mask,
        units="counts",
        guide=specimen.guide,
        pixel_size_um=2.0,
        sampling=sampling,
    )
    project = measurements.project(lab(member=member))
    run = Run(
        measurement=measurements.ready(project, member, content, name),
        measurement_revision=1,
        recipe="xray-ensemble",
        parameters={"factor": specimen.factor, "sampling": sampling},
        submitted_by=member,
        state=Run.State.SUCCEEDED,
        finished=timezone.now(),
    )
    run.store_path = f"runs/{run.pk}/1.zarr"
    path = settings.STORE / run.store_path
    path.parent.mkdir(parents=True)
    shutil.copytree(_written(specimen, samples), path)
    run.summary = RunStore(path).summary
    places.keep(run.store_path)
    run.save()
    return run


@cache
def _drawn() -> run_store.Specimen:
    return run_store.draw_specimen()


def _written(specimen: run_store.Specimen, samples: int) -> Path:
    """The store of such a run, written once: that takes most of the time of many tests."""
    for known, count, path in WRITTEN:
        if known is specimen and count == samples:
            return path
    path = Path(tempfile.mkdtemp(prefix="fiducial-test-run-")) / "run.zarr"
    run_store.write_run(path, specimen, samples=samples)
    WRITTEN.append((specimen, samples, path))
    return path
