"""A run on a machine that keeps no arrays: its inputs are brought, its result is carried away.

Where the store is a folder, both are where they have to be and nothing is done.
"""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

from workers import run as door
from workers.store import Place
from workers.store.carrying import bring, carry_up
from workers.store.objects import ObjectPlace

from . import folders
from .models import Run
from .watch import Watch

Bring = Callable[[Place], Path]  # a place of the store → the same on this machine


@contextmanager
def inputs(run: Run, watch: Watch) -> Iterator[Bring]:
    """What makes the things a recipe reads files of this machine; they are removed afterwards.

    A place where nothing is becomes a path where nothing is.
    """
    folder = folders.inputs(run)

    def brought(place: Place) -> Path:
        if not isinstance(place, ObjectPlace):
            return place
        target = folder / f"{len(list(folder.glob('*')))}-{place.name}"
        step = _telling(watch, "fetching the map", 0.0)
        bring(place, target, step=step, patience=settings.OBJECTS_PATIENCE_SECONDS)
        return target

    try:
        yield brought
    finally:
        folders.discard_inputs(run)


def keep(run: Run, watch: Watch) -> None:
    """Carry the finished result to the bucket, if the store is one (Unreachable if it is away).

    This happens under the lease: a result that takes long to carry stays this worker's.
    """
    place = folders.result(run)
    if isinstance(place, ObjectPlace):
        step = _telling(watch, "carrying the result to the object store", 1.0)
        carry_up(folders.output(run), place, step=step, patience=settings.OBJECTS_PATIENCE_SECONDS)
        shutil.rmtree(folders.output(run), ignore_errors=True)


def _telling(watch: Watch, stage: str, fraction: float) -> Callable[[float], None]:
    def step(_: float) -> None:
        if watch.should_stop():
            raise door.Stopped
        watch.report(stage, fraction)

    return step
