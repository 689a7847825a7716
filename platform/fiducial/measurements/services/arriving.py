"""Bytes of an upload on disk: parts written in place, whole files hashed and named."""

import errno
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from django.conf import settings
from django.template.defaultfilters import filesizeformat

from .. import folders
from ..errors import DiskFull
from ..models import UploadedFile

PIECE = 2**16  # bytes
_FULL = {errno.ENOSPC, errno.EDQUOT}


class SupportsRead(Protocol):
    """A request whose body is read piece by piece."""

    def read(self, size: int, /) -> bytes: ...


def refuse_without_room(size: int) -> None:
    """DiskFull when `size` more bytes, and their map beside them, would not fit on the disk."""
    settings.STORE.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(settings.STORE).free
    if free < 2 * size:
        raise DiskFull(
            f"The server has {filesizeformat(free)} free and needs {filesizeformat(2 * size)} for "
            "these files and the map made from them. Nothing was sent; ask the operator for room."
        )


def taken(stream: SupportsRead, most: int) -> bytearray:
    """What `stream` still holds, but never more than `most` bytes of it.

    In small pieces: asked for a whole part, a web server holds it four times over.
    """
    body = bytearray()
    while piece := stream.read(min(PIECE, most - len(body))):
        body += piece
    return body


def write_part(file: UploadedFile, offset: int, body: bytes | bytearray) -> None:
    """Write `body` at `offset` of a file that is still arriving, down to the disk."""
    path = folders.arriving_file(file)
    with _room_for(file):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        with path.open("r+b") as target:
            target.seek(offset)
            target.write(body)
            target.flush()
            os.fsync(target.fileno())


def put_in_place(file: UploadedFile) -> str:
    """Move a file whose parts are all there under its own name; returns its SHA-256 (hex).

    May be repeated: a file that is in place already is only hashed.
    """
    arriving, arrived = folders.arriving_file(file), folders.arrived_file(file)
    with _room_for(file):
        arrived.parent.mkdir(parents=True, exist_ok=True)
        if arriving.exists():
            arriving.replace(arrived)
    with arrived.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


def file_size(file: UploadedFile) -> int:
    """Bytes on disk, 0 when nothing arrived."""
    path: Path = folders.arriving_file(file)
    return path.stat().st_size if path.exists() else 0


@contextmanager
def _room_for(file: UploadedFile) -> Iterator[None]:
    try:
        yield
    except OSError as failure:
        if failure.errno not in _FULL:
            raise
        raise DiskFull(
            f"The server's disk is full, so {file.name} could not be continued. The parts that "
            "arrived are kept: ask the operator for room, then choose the same files again."
        ) from failure
