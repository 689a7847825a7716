"""A finished demo run with its slow scan, drawn instead of measured."""

import numpy as np
from django.conf import settings
from django.utils import timezone

from fiducial.accounts.models import User
from fiducial.demo.models import SlowScan
from fiducial.runs.models import Run
from workers.measurement import Measurement as Map
from workers.store import RunStore, write_measurement

from . import measurements, run_store
from .people import lab, person

COUNTS_PER_UNIT = 14.0


def finished_run(user: User | None = None, *, sealed: bool = True) -> Run:
    """A succeeded run that `user` may see; with `sealed`, its specimen's slow scan beside it."""
    user = user or person()
    specimen = run_store.draw_specimen(factor=1, shape=(48, 64))
    project = measurements.project(lab(member=user))
    measurement = measurements.ready(
        project,
        user,
        Map(
            channels=specimen.channels,
            values=specimen.counts,
            mask=specimen.mask,
            units="counts",
            guide=specimen.guide,
            sampling="fine",
        ),
    )
    run = Run(
        measurement=measurement,
        measurement_revision=1,
        recipe="xray-ensemble",
        parameters={"factor": 1, "sampling": "fine"},
        submitted_by=user,
        state=Run.State.SUCCEEDED,
        finished=timezone.now(),
    )
    run.store_path = f"runs/{run.pk}/1.zarr"
    run_store.write_run(settings.STORE / run.store_path, specimen, samples=2)
    run.summary = RunStore(settings.STORE / run.store_path).summary
    run.save()
    if sealed:
        _seal(run, specimen)
    return run


def _seal(run: Run, specimen: run_store.Specimen) -> None:
    path = f"demo/{run.measurement_id}.zarr"
    slow = np.random.default_rng(5).poisson(specimen.truth * COUNTS_PER_UNIT) / COUNTS_PER_UNIT
    write_measurement(
        settings.STORE / path,
        Map(
            channels=specimen.channels,
            values=slow.astype(np.float32),
            mask=np.ones(slow.shape[1:], np.bool_),
            units="counts",
        ),
    )
    SlowScan.objects.create(
        scan=str(run.pk)[:12],
        measurement=run.measurement,
        store_path=path,
        counts_per_unit=COUNTS_PER_UNIT,
    )
