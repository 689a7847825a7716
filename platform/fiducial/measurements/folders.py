"""Where the files of a measurement lie under STORE. The only place that knows."""

import shutil
from pathlib import Path
from uuid import UUID

from django.conf import settings

from .models import Measurement, UploadedFile
from .names import window_number


def quarantine(measurement_id: UUID) -> Path:
    """What people sent, exactly as they sent it; read by the separate ingest process only."""
    return settings.STORE / "quarantine" / str(measurement_id)


def arriving_file(file: UploadedFile) -> Path:
    """A file whose parts are still coming in; named by row, so no name can clash or escape."""
    return quarantine(file.measurement_id) / "arriving" / str(file.pk)


def arrived_file(file: UploadedFile) -> Path:
    """A complete file under its own name."""
    return quarantine(file.measurement_id) / "files" / file.name


def revisions(measurement_id: UUID) -> Path:
    """The folder of everything that was read from the files."""
    return settings.STORE / "measurements" / str(measurement_id)


def revision(measurement_id: UUID, number: int) -> Path:
    """One closed revision (a Zarr group); once published it never changes."""
    return revisions(measurement_id) / f"r{number}.zarr"


def relative(path: Path) -> str:
    """`path` as it is kept in the database: relative to STORE, with "/"."""
    return path.relative_to(settings.STORE).as_posix()


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
    """Delete everything a measurement left on disk."""
    for folder in (quarantine(measurement_id), revisions(measurement_id)):
        shutil.rmtree(folder, ignore_errors=True)
