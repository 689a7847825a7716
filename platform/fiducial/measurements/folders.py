"""Where the files of a measurement lie in the store. The only module that knows."""

import logging
import shutil
from pathlib import Path
from uuid import UUID

from django.conf import settings

from fiducial import places
from workers.store import Place, Unreachable
from workers.store.places import remove as remove_all

from .models import Measurement, UploadedFile
from .names import window_number

log = logging.getLogger(__name__)


def quarantine(measurement_id: UUID) -> Path:
    """What people sent, exactly as they sent it; read by the separate ingest process only."""
    return settings.STORE / "quarantine" / str(measurement_id)


def arriving_file(file: UploadedFile) -> Path:
    """A file whose parts are still coming in; named by row, so no name can clash or escape."""
    return quarantine(file.measurement_id) / "arriving" / str(file.pk)


def arrived_file(file: UploadedFile) -> Path:
    """A complete file under its own name."""
    return quarantine(file.measurement_id) / "files" / file.name


def live(measurement_id: UUID) -> Path:
    """Frames that arrive one by one: what a reader is given once no more come."""
    return quarantine(measurement_id) / "files" / "frames.zarr"


def reading(measurement_id: UUID) -> Path:
    """The folder of this machine in which files are being read."""
    return places.here(f"measurements/{measurement_id}")


def revisions(measurement_id: UUID) -> Place:
    """The place of everything that was read from the files."""
    return places.of(f"measurements/{measurement_id}")


def revision(measurement_id: UUID, number: int) -> Place:
    """One closed revision (a Zarr group); once published it never changes."""
    return places.of(revision_path(measurement_id, number))


def revision_path(measurement_id: UUID, number: int) -> str:
    """The same as it is kept in the database: relative to the store, with "/"."""
    return f"measurements/{measurement_id}/r{number}.zarr"


def files_to_read(measurement: Measurement) -> list[Path]:
    """What a reader is given: each file, or the folder where a folder is the map (".zarr")."""
    root = quarantine(measurement.pk) / "files"
    found: dict[Path, None] = {}
    for name in measurement.files.order_by("name").values_list("name", flat=True):
        parts = name.split("/")
        depth = next((i for i, part in enumerate(parts, 1) if part.endswith(".zarr")), len(parts))
        found[root.joinpath(*parts[:depth])] = None
    return list(found)


def windows_to_read(measurement: Measurement) -> dict[int, list[Path]]:
    """What a reader is given of rescanned windows, by number; empty where the files are one map."""
    root = quarantine(measurement.pk) / "files"
    found: dict[int, list[Path]] = {}
    for path in files_to_read(measurement):
        number = window_number(path.relative_to(root).as_posix())
        if number is not None:
            found.setdefault(number, []).append(path)
    return found


def remove(measurement_id: UUID) -> None:
    """Delete everything a measurement left in the store.

    Its row is gone: a bucket that does not answer now keeps what nobody can reach.
    """
    for folder in (quarantine(measurement_id), reading(measurement_id)):
        shutil.rmtree(folder, ignore_errors=True)
    try:
        remove_all(revisions(measurement_id))
    except Unreachable as away:
        log.warning("%s Left behind: %s", away, revisions(measurement_id))
