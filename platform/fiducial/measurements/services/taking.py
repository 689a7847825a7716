"""Files that lie on this server already: copied into the store, never moved, changed or deleted."""

import os
import shutil
from collections.abc import Callable, Mapping
from typing import BinaryIO, NamedTuple

from django.conf import settings

from fiducial.accounts.models import User
from fiducial.errors import Refused

from .. import folders
from ..errors import HashMismatch
from ..models import Measurement, Project, UploadedFile
from . import uploads
from .arriving import put_in_place


class Source(NamedTuple):
    """A file to be taken: size and time (ns) of its last change, as seen, and how it is opened."""

    size: int
    changed: int
    open: Callable[[], BinaryIO]


def take(
    *, project: Project, user: User, name: str, files: Mapping[str, Source], reason: str
) -> Measurement:
    """Make a measurement of `files` (path inside it -> source) and hand it to the reader.

    The same limits and checks hold as for an upload, but for its size (WATCHED_MAX_BYTES). Refused
    as `create_upload` and `complete` refuse, and (HashMismatch) where a file changed meanwhile.
    """
    listed = [(path, source.size) for path, source in files.items()]
    measurement, _ = uploads.create_upload(
        project=project, user=user, name=name, files=listed, at_most=settings.WATCHED_MAX_BYTES
    )
    rows = measurement.files.order_by("pk")  # as they were announced
    try:
        for row, source in zip(rows, files.values(), strict=True):
            _copy(row, source)
    except (Refused, OSError):
        uploads.drop(measurement)
        raise
    uploads.settle(user=user, measurement=measurement, reason=reason)
    return measurement


def _copy(row: UploadedFile, source: Source) -> None:
    arriving = folders.arriving_file(row)
    arriving.parent.mkdir(parents=True, exist_ok=True)
    with source.open() as original, arriving.open("wb") as copy:
        shutil.copyfileobj(original, copy, 1024**2)
        changed = os.fstat(original.fileno()).st_mtime_ns
    if (arriving.stat().st_size, changed) != (source.size, source.changed):
        raise HashMismatch(f"{row.name} changed while it was copied; it is tried again.")
    row.sha256 = put_in_place(row)
    row.complete = True
    row.save(update_fields=["sha256", "complete"])
