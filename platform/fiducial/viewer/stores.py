"""The stores behind runs and measurements, opened once per process: they never change."""

from functools import lru_cache

from fiducial import places
from fiducial.measurements.models import Measurement
from fiducial.measurements.queries import store_folder
from fiducial.runs import folders
from fiducial.runs.models import Run
from workers.store import ImageStore, MeasurementStore, Place, RunPreview, RunStore


@lru_cache(maxsize=64)
def _run(path: Place) -> RunStore:
    return RunStore(path)


@lru_cache(maxsize=64)
def _measurement(path: Place) -> MeasurementStore:
    return MeasurementStore(path)


def of_run(run: Run) -> RunStore:
    """The store of a finished run (StoreError when its folder is gone)."""
    return _run(places.of(run.store_path))


def under_way(run: Run) -> RunPreview:
    """What a running run has written so far (StoreError when that is nothing)."""
    return RunPreview(folders.output(run))


def of_measurement(measurement: Measurement, revision: int | None = None) -> MeasurementStore:
    """The store of a closed revision of a measurement, the newest when none is named."""
    return _measurement(store_folder(measurement, revision))


def behind(run: Run, image: str) -> ImageStore:
    """Where a picture of the run's page lies: the electron image stayed with the measurement."""
    if image == "guide":
        return of_measurement(run.measurement, run.measurement_revision)
    return of_run(run)
