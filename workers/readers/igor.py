"""Igor binary waves, `.ibw`, as Asylum's atomic force microscopes save them, through igor2.

igor2 is LGPL-3 and an optional extra: it is imported here only, when such a file is read, and this
module runs only in the separate ingest process. Sizes are checked on the header before.

The first axis of a wave runs along x and the second along y, as in NSID; the first row stays the
first, where Gwyddion turns such images upside down.
"""

import importlib
import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workers.readers import pictures
from workers.readers.contents import Contents, Layer
from workers.readers.lengths import in_um
from workers.readers.pictures import Picture
from workers.readers.problems import not_a_map, refusal

# The bytes of both headers, over which a checksum is taken, by version.
_HEADERS = {2: 16 + 110, 5: 64 + 320}
_BYTES = {2: 4, 4: 8, 8: 1, 16: 2, 32: 4, 72: 1, 80: 2, 96: 4}  # of one number, by its type
_TEXT = 2**22  # bytes of notes, labels and units together


@dataclass(frozen=True)
class _Header:
    """What the head of a wave of version 5 declares; `shape` is (x, y, layers …)."""

    kind: int
    shape: tuple[int, ...]
    step: float
    unit: str
    data: int  # bytes of the numbers
    text: tuple[int, ...]  # bytes of what follows them


def recognises(path: Path, head: bytes) -> bool:
    """By the version and the checksum of the headers, in either byte order."""
    return _version(head) is not None


def read(path: Path) -> Contents:
    """The picture of a wave of two axes, or the layers of one of three, by their labels."""
    with path.open("rb") as file:
        head = file.read(max(_HEADERS.values()))
    version, order = _version(head) or (0, "<")
    if version != 5:
        raise not_a_map(
            path.name,
            "This Igor wave is of version 2, which has one axis: a curve, not a picture.",
            "Select the images.",
        )
    header = _header(head, order)
    _check(path, header)
    wave = _wave(path)
    values = np.asarray(wave["wData"], np.float32).T  # (layers, y, x)
    size_um = in_um(header.step, header.unit)
    labels = _labels(wave["labels"], len(values) if values.ndim == 3 else 0)
    if not labels:
        return pictures.contents(path.name, "Igor", [Picture("", values, size_um)], 0)
    layers = [
        Layer(f"{path.name}/{label}", np.ascontiguousarray(plane), label, quantity=label)
        for label, plane in zip(labels, values, strict=True)
    ]
    return Contents("Igor", tuple(layers), {"pixel_size_um": size_um} if size_um else {})


def _version(head: bytes) -> tuple[int, str] | None:
    """(version, byte order) where the words of both headers add up to 0."""
    for order in "<>":
        (version,) = struct.unpack_from(f"{order}h", head) if len(head) > 1 else (0,)
        size = _HEADERS.get(version)
        if size is None or len(head) < size:
            continue
        words: NDArray[np.int16] = np.frombuffer(head[:size], f"{order}i2")
        if int(words.sum(dtype=np.int64)) % 2**16 == 0:
            return version, order
    return None


def _header(head: bytes, order: str) -> _Header:
    data, *text = struct.unpack_from(f"{order}15i", head, 4)
    (kind,) = struct.unpack_from(f"{order}h", head, 80)
    sides = struct.unpack_from(f"{order}4i", head, 132)
    (step,) = struct.unpack_from(f"{order}d", head, 148)
    unit = head[216:220].split(b"\0")[0].decode("latin-1")
    shape = sides[: sides.index(0)] if 0 in sides else sides
    return _Header(kind, shape, step, unit, data - 320, tuple(text))


def _check(path: Path, header: _Header) -> None:
    """Refuse what is no picture, too large, or not whole, before any of it is read."""
    if header.kind not in _BYTES or len(header.shape) not in (2, 3):
        raise not_a_map(
            path.name,
            f"This Igor wave has {len(header.shape)} axes, or holds text or complex numbers: it is "
            "no picture.",
            "Select the images.",
        )
    pictures.check_shape(path.name, header.shape[::-1])
    if min(header.text) < 0 or sum(header.text) > _TEXT:
        raise refusal(
            path.name,
            f"Its notes and labels declare {sum(header.text):,} bytes; up to {_TEXT:,} can be "
            "read.",
            "Save the wave again in Igor.",
        )
    size = _HEADERS[5] + math.prod(header.shape) * _BYTES[header.kind] + sum(header.text)
    held = path.stat().st_size
    if header.data != math.prod(header.shape) * _BYTES[header.kind] or size > held:
        raise refusal(
            path.name,
            f"It declares {size:,} bytes and holds {held:,}: the upload or the file was cut off.",
            "Upload it again.",
        )


def _wave(path: Path) -> dict[str, Any]:
    try:
        binarywave = importlib.import_module("igor2.binarywave")
    except ImportError as error:
        raise refusal(
            path.name,
            "Igor waves are read with igor2, which is not installed here.",
            "Ask the operator to install the extra “igor” (pip install fiducial[igor]), or save "
            "the images as TIFF.",
        ) from error
    try:
        wave: dict[str, Any] = binarywave.load(str(path))["wave"]
    except MemoryError:
        raise
    except Exception as error:  # a foreign parser on a damaged file raises anything
        raise refusal(
            path.name,
            f"igor2 could not make sense of it ({type(error).__name__}).",
            "Upload it again; if that does not help, save the images as TIFF.",
        ) from error
    return wave


def _labels(stated: Sequence[Sequence[bytes]], layers: int) -> list[str]:
    """The labels of the layers where each has its own; the first is that of the axis."""
    found = [label.split(b"\0")[0].decode("utf-8", "replace").strip() for label in stated[2][1:]]
    return found if len(found) == layers == len(set(found) - {""}) else []
