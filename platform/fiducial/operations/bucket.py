"""What lies in the bucket of this portal, against what its rows speak of."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from fiducial import places
from fiducial.learning.models import TaughtModel
from fiducial.measurements import folders as measured
from fiducial.measurements.models import Measurement
from fiducial.runs import folders as computed
from fiducial.runs.models import Run
from workers.store import ObjectPlace

# The arrays of a portal, and how many names lead to one store of each kind.
DEPTH = {"measurements": 3, "runs": 3, "models": 2}
SETTLED = timedelta(days=1)  # what is younger may be on its way to a row


def is_array(name: str) -> bool:
    """Whether a file of the store, by its path from there, belongs in the bucket."""
    return name.partition("/")[0] in DEPTH


def list_to(file: Path) -> None:
    """Write every object's name and bytes to `file`, as JSON."""
    file.write_text(json.dumps(places.bucket().files(), indent=1), encoding="utf-8")


def missing_of(file: Path) -> list[str]:
    """The objects on such a list that are not in the bucket, or not with as many bytes."""
    listed, there = json.loads(file.read_text(encoding="utf-8")), places.bucket().files()
    return [name for name, size in listed.items() if there.get(name) != size]


def left_behind() -> Iterator[ObjectPlace]:
    """What no row speaks of and has lain there for a day: of lost machines, or of removals that
    the bucket did not answer to.
    """
    if not settings.OBJECTS:
        return
    spoken_of, settled = set(_spoken_of()), timezone.now() - SETTLED
    for name, changed in sorted(_stores().items()):
        if name not in spoken_of and changed < settled:
            yield places.bucket() / name


def _stores() -> dict[str, datetime]:
    """Every array store of the bucket, and when it last grew; nothing else is looked at."""
    found: dict[str, datetime] = {}
    for name, changed in places.bucket().changed().items():
        if is_array(name):
            parts = name.split("/")
            store = "/".join(parts[: DEPTH[parts[0]]])
            found[store] = max(changed, found.get(store, changed))
    return found


def _spoken_of() -> Iterator[str]:
    for pk, revision in Measurement.objects.values_list("pk", "revision"):
        yield from (measured.revision_path(pk, number) for number in range(1, revision + 1))
    for run in Run.objects.only("pk", "token", "state", "store_path"):
        yield computed.output_path(run) if run.state == Run.State.RUNNING else run.store_path
    for model in TaughtModel.objects.only("pk"):
        yield model.path
