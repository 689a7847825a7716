"""Audit windows for tests: a map large enough for them, its drawn windows, and their rescan."""

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from fiducial.accounts.models import User
from fiducial.audits import services, sweeping, work
from fiducial.audits.models import Placement, Rescan
from fiducial.measurements.models import Measurement, Project
from fiducial.runs.models import Run
from workers.assessment.audit.windows import Window
from workers.measurement import Measurement as Map

from . import measurements, run_store
from .finished_runs import finished_run


@cache
def specimen() -> run_store.Specimen:
    """A drawn specimen of 64 × 72 measured pixels, four times finer in truth."""
    return run_store.draw_specimen(shape=(64, 72), seed=3)


def large_map(project: Project, user: User | None = None, **facts: Any) -> Measurement:
    """A readable map of 64 × 72 pixels of 2 µm, large enough for sixteen windows."""
    content: Map = measurements.counts(shape=(64, 72), seed=7)
    return measurements.ready(project, user, content, **facts)


def drawn(measurement: Measurement) -> Placement:
    """The windows the portal draws for a map."""
    return services.draw(measurement=measurement)


def rescan(
    truth: np.ndarray,
    windows: Sequence[Window],
    *,
    factor: int = 4,
    dwell: float = 1.0,
    moved: tuple[int, int] = (0, 0),
    seed: int = 5,
) -> list[np.ndarray]:
    """Counts `(c, s, s)` of each window in a rescan of `dwell` times the measured dwell."""
    rng = np.random.default_rng(seed)
    found = []
    for window in windows:
        rows, columns = (
            np.arange(side.start + shift, side.stop + shift).clip(0, truth.shape[axis] - 1)
            for axis, (side, shift) in enumerate(zip(window.part(factor), moved, strict=True), 1)
        )
        found.append(rng.poisson(dwell * truth[:, rows][:, :, columns]).astype(np.float32))
    return found


def stack(channels: Sequence[str], windows: Sequence[np.ndarray]) -> Map:
    """Rescanned windows as the reader stacks them."""
    values = np.concatenate(windows, axis=1)
    return Map(
        channels=tuple(channels),
        values=values,
        mask=np.ones(values.shape[1:], np.bool_),
        units="counts",
        sampling="fine",
        provenance={"format": "test", "files": [], "windows": len(windows), "open": []},
    )


def audited_run(member: User | None = None, **facts: Any) -> Run:
    """A finished run of the drawn specimen whose map has its windows, drawn before the run."""
    run = finished_run(member, specimen=specimen(), **facts)
    Run.objects.filter(pk=run.pk).update(state=Run.State.QUEUED)
    drawn(run.measurement)
    Run.objects.filter(pk=run.pk).update(state=Run.State.SUCCEEDED)
    return run


def rescanned(placement: Placement, **how: Any) -> Rescan:
    """A rescan of the specimen's windows that was announced and read."""
    content = stack(specimen().channels, rescan(specimen().truth, placement.places, **how))
    measurement = measurements.ready(
        placement.measurement.project, placement.measurement.uploaded_by, content
    )
    windows = content.provenance["windows"]
    measurement.kind = Measurement.Kind.WINDOWS
    measurement.summary |= {"windows": windows}
    measurement.save()
    return Rescan.objects.create(placement=placement, measurement=measurement)


def judged(placement: Placement, **how: Any) -> Rescan:
    """A rescan that has judged every finished run of its map, as a worker does it."""
    made = rescanned(placement, **how)
    sweeping.sweep()
    while work.judge_next():
        pass
    return made
