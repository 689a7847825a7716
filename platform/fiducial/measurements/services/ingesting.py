"""Handing quarantined files to the separate reading process and publishing what it read.

Nothing in this process opens an uploaded file: the reader runs with limited memory and time, and
what it leaves behind is published only by the claim that is still valid.
"""

import logging
import shutil
import time
from contextlib import suppress
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db.models import F, QuerySet
from django.utils import timezone

from workers.store import ObjectPlace, Place, Unreachable
from workers.store.carrying import carry_up
from workers.store.places import remove

from .. import folders
from ..models import Measurement
from .publishing import publish

State = Measurement.State

log = logging.getLogger(__name__)


def ingest_next() -> bool:
    """Read the measurement that has waited longest; False when none waits."""
    waiting = Measurement.objects.filter(state=State.QUARANTINED).order_by("state_since")
    return any(ingest(measurement_id=key) for key in waiting.values_list("pk", flat=True))


def ingest(*, measurement_id: UUID) -> bool:
    """Read a quarantined measurement into its next revision; False when another has claimed it."""
    # Imported here because only a worker reads: a web process stays small without the readers.
    from workers.readers import process

    attempt = _claim(measurement_id)
    if attempt is None:
        return False
    measurement = Measurement.objects.get(pk=measurement_id)
    folder = folders.reading(measurement_id)
    folder.mkdir(parents=True, exist_ok=True)
    of_windows = measurement.kind == Measurement.Kind.WINDOWS
    windows = folders.windows_to_read(measurement) if of_windows else {}
    output = folder / f"reading-{attempt}.zarr"
    reply_file = folder / f"reading-{attempt}.json"
    try:
        reply = process.ingest(
            {
                "files": [str(path) for path in folders.files_to_read(measurement)],
                "windows": {number: list(map(str, found)) for number, found in windows.items()},
                "corrections": measurement.answers,
                "output": str(output),
                "reply": str(reply_file),
                "memory_bytes": settings.INGEST_MEMORY_BYTES,
                "seconds": settings.INGEST_SECONDS,
            },
            timeout=settings.INGEST_SECONDS,
        )
        publish(measurement_id, attempt, reply, _carried(measurement_id, attempt, output))
    except Unreachable as away:
        log.warning("Measurement %s waits again: %s", measurement_id, away)
        _claimed(measurement_id, attempt).update(
            state=State.QUARANTINED, state_since=timezone.now()
        )
    finally:
        shutil.rmtree(output, ignore_errors=True)
        reply_file.unlink(missing_ok=True)
        _leave_nothing(measurement_id, attempt)
    return True


def _carried(measurement_id: UUID, attempt: int, output: Path) -> Place:
    """Where `output` is published from: here, or in the bucket if the store is one.

    Carrying counts as reading, and the sweep returns what has been read for too long.
    """
    place = folders.revisions(measurement_id) / output.name
    if not (isinstance(place, ObjectPlace) and output.exists()):
        return output
    told = 0.0

    def step(done: float) -> None:
        nonlocal told
        if time.monotonic() > told + settings.HEARTBEAT_SECONDS:
            told = time.monotonic()
            _claimed(measurement_id, attempt).update(state_since=timezone.now())

    carry_up(output, place, step=step, patience=settings.OBJECTS_PATIENCE_SECONDS)
    return place


def _leave_nothing(measurement_id: UUID, attempt: int) -> None:
    """Remove from the bucket what this attempt and lost ones carried and nobody published."""
    if not settings.OBJECTS:
        return
    with suppress(Unreachable):  # the next attempt removes it, or whoever removes the measurement
        for number in range(1, attempt + 1):
            remove(folders.revisions(measurement_id) / f"reading-{number}.zarr")


def _claimed(measurement_id: UUID, attempt: int) -> QuerySet[Measurement]:
    return Measurement.objects.filter(
        pk=measurement_id, state=State.INGESTING, ingest_attempt=attempt
    )


def _claim(measurement_id: UUID) -> int | None:
    """Take a waiting measurement by compare-and-swap; the attempt's number is the claim."""
    claimed = Measurement.objects.filter(pk=measurement_id, state=State.QUARANTINED).update(
        state=State.INGESTING, state_since=timezone.now(), ingest_attempt=F("ingest_attempt") + 1
    )
    if not claimed:
        return None
    return Measurement.objects.values_list("ingest_attempt", flat=True).get(pk=measurement_id)
