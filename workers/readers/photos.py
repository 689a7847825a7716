"""Photos: pictures made for the eye, which are recognised only to say why they are not read."""

from pathlib import Path
from typing import NoReturn

from workers.readers.problems import not_a_map

COLOURS = "This is a colour picture: the colours of a photo are not a measurement."
EXPORT_GREY = "Export the numbers of the detector in grey, as TIFF."
_MAGIC = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF8")
_NAMES = ("PNG", "JPEG", "GIF")


def recognises(path: Path, head: bytes) -> bool:
    """By the first bytes of PNG, JPEG and GIF."""
    return head.startswith(_MAGIC)


def read(path: Path) -> NoReturn:
    """Always raises the error that leaves the photo out."""
    with path.open("rb") as file:
        head = file.read(8)
    name = next(name for name, start in zip(_NAMES, _MAGIC, strict=True) if head.startswith(start))
    raise not_a_map(
        path.name,
        f"This is a {name}, a picture for the eye: its colours are not a measurement.",
        EXPORT_GREY,
    )
