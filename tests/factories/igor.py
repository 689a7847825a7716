"""`.ibw` files after WaveMetrics' Technical Note 003: one wave each, version 2 or 5."""

import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np

_TYPES = {"f4": 2, "f8": 4, "i1": 8, "i2": 16, "i4": 32, "u1": 72, "u2": 80, "u4": 96, "c8": 3}
_LABEL = 32  # bytes of one dimension label


def write(
    path: Path,
    values: np.ndarray,
    labels: Sequence[str] = (),
    step: float = 2e-8,
    unit: str = "m",
    order: str = "<",
) -> Path:
    """A wave of version 5. Igor's first axis runs along x: `values` is (x, y) or (x, y, layer).

    `labels` name the layers; `order` is "<" for files of Windows, ">" for those of old Macs.
    """
    named = b"".join(each.encode().ljust(_LABEL, b"\0") for each in ("", *labels))
    note = b"ScanSize: 2e-06\rImagingMode: PFM Mode\r"
    data = np.asfortranarray(values.astype(values.dtype.newbyteorder(order))).tobytes(order="F")
    shape = [*values.shape, 0, 0, 0, 0][:4]
    units = [unit, unit, "", ""][: values.ndim] + [""] * (4 - values.ndim)
    wave = struct.pack(
        f"{order}IIIihh6xh32sii4i4d4d4s16shhdd",
        *(0, 0, 0, values.size, _TYPES[values.dtype.str[1:]], 0, 1, b"PZT", 0, 0),
        *(*shape, step, step, 1, 1, 0, 0, 0, 0, b""),
        *(b"".join(each.encode().ljust(4, b"\0") for each in units), 0, 0, 0, 0),
    ).ljust(320, b"\0")
    sizes = [320 + len(data), 0, len(note), 0, 0, 0, 0, 0, 0, 0, len(named) if labels else 0]
    head = struct.pack(f"{order}hh15i", 5, 0, *sizes, *(0, 0, 0, 0))
    text = note + (named if labels else b"")
    path.write_bytes(checked(head, wave, order) + wave + data + text)
    return path


def write_version_2(path: Path, values: np.ndarray, order: str = "<") -> Path:
    """A wave of version 2, which has one axis only."""
    data = values.astype(f"{order}f4").tobytes()
    wave = struct.pack(
        f"{order}hI20shhI4s4sihdd", 2, 0, b"curve", 0, 0, 0, b"", b"s", values.size, 0, 1.0, 0.0
    ).ljust(110, b"\0")
    head = struct.pack(f"{order}hiiih", 2, 110 + len(data) + 16, 0, 0, 0)
    path.write_bytes(checked(head, wave, order) + wave + data + bytes(16))
    return path


def checked(head: bytes, wave: bytes, order: str = "<") -> bytes:
    """The head with its checksum: the 16-bit words of both headers then add up to 0."""
    at = 2 if len(head) == 64 else 14
    head = head[:at] + bytes(2) + head[at + 2 :]
    words = np.frombuffer(head + wave, f"{order}i2").sum(dtype=np.int64)
    return head[:at] + struct.pack(f"{order}H", int(-words) % 2**16) + head[at + 2 :]
