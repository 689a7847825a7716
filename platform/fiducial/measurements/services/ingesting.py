"""Handing quarantined files to the separate reading process and publishing what it read.

Nothing in this process opens an uploaded file: the reader runs with limited memory and time, and
what it leaves behind is published only by the claim that is still valid.
"""

import shutil
from uuid import UUID

from django.conf import settings
from django.db.models import F
from django.utils import timezone

from .. import folders
from ..models import Measurement
from .publishing import publish

State = Measurement.State


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
    folder = folders.revisions(measurement_id)
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
        publish(measurement_id, attempt, reply, output)
    finally:
        shutil.rmtree(output, ignore_errors=True)
        reply_file.unlink(missing_ok=True)
    return True


def _claim(measurement_id: UUID) -> int | None:
    """Take a waiting measurement by compare-and-swap; the attempt's number is the claim."""
    claimed = Measurement.objects.filter(pk=measurement_id, state=State.QUARANTINED).update(
        state=State.INGESTING, state_since=timezone.now(), ingest_attempt=F("ingest_attempt") + 1
    )
    if not claimed:
        return None
    return Measurement.objects.values_list("ingest_attempt", flat=True).get(pk=measurement_id)
