"""Files sent in parts with their SHA-256; parts that arrived before are not sent again."""

import hashlib
from collections.abc import Callable, Iterable
from pathlib import Path

from .errors import Refused
from .models import UploadingFile
from .transport import Transport

TRIES = 3  # of a part that arrives damaged
CLUTTER = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})
Progress = Callable[[int], None]


def gathered(paths: Iterable[Path]) -> dict[str, Path]:
    """The files below `paths` by the path they are announced with.

    A folder is taken with everything in it, its own name left out, as on the upload page; a
    `.zarr` folder keeps its name. FileNotFoundError for what is not there.
    """
    found: dict[str, Path] = {}
    for path in paths:
        if not path.exists():
            raise FileNotFoundError(f"There is no file {path}.")
        base = path.parent if path.is_file() or path.suffix == ".zarr" else path
        files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
        found |= {
            file.relative_to(base).as_posix(): file
            for file in sorted(files)
            if file.name not in CLUTTER
        }
    return found


def send(
    transport: Transport,
    upload: str,
    file: UploadingFile,
    source: Path,
    part_bytes: int,
    progress: Progress,
) -> None:
    """Send the parts of `file` that are missing; calls `progress` with the bytes of each."""
    with source.open("rb") as content:
        for number in file.missing:
            content.seek(number * part_bytes)
            part = content.read(part_bytes)
            _put(transport, f"measurements/{upload}/files/{file.id}/parts/{number}", part)
            progress(len(part))


def _put(transport: Transport, path: str, part: bytes) -> None:
    headers = {"X-Content-SHA256": hashlib.sha256(part).hexdigest()}
    for left in reversed(range(TRIES)):
        try:
            transport.ask("PUT", path, content=part, headers=headers)
            return
        except Refused as refusal:
            if refusal.kind != "damaged" or not left:
                raise
