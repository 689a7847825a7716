"""Downloads of a run: maps other programs read, each with its error and what was measured."""

import io
import json
import zipfile
from collections.abc import Callable, Iterator

import numpy as np
import tifffile
from numpy.typing import NDArray

from workers.store import Place, RunStore
from workers.store.places import files

Encode = Callable[[NDArray[np.float32], float | None], bytes]

ABOUT = """\
Every map is {rows} rows by {columns} columns in {units}{pixel}.
estimate/  the estimated map of each {what}
sigma/     its standard deviation, same grid and unit: about two thirds of the truth lie within it
mask       1 where the specimen was measured, 0 where it was not (there the maps hold 0)
provenance.json says which measurement, recipe, models and seed made them.
"""
FINER_THAN_MEASURED = """\
Detail finer than the measured pixels comes partly from a learned prior: look at the run's risk
and "invented" pictures (in the OME-Zarr download) before you believe a single small feature.
"""
OBJECT = {"amplitude", "phase"}  # the channels of what diffraction sees
FROM_FRAMES = """\
Amplitude has no unit and phase is in radians. A constant and a slope of the phase, a shift and the
scale of the amplitude cannot be measured by diffraction; they were fixed by a convention. Look at
the run's page for how far the frames left out were missed before you believe a small feature.
"""


def text(values: NDArray[np.float32], _: float | None) -> bytes:
    """A headerless grid of numbers, one row per line, as XMapTools reads it."""
    buffer = io.StringIO()
    np.savetxt(buffer, values, fmt="%.6g", delimiter="\t")
    return buffer.getvalue().encode()


def tiff(values: NDArray[np.float32], pixel_um: float | None) -> bytes:
    """A float32 TIFF with its pixel size where that is known."""
    buffer = io.BytesIO()
    size = {"resolution": (1e4 / pixel_um,) * 2, "resolutionunit": "CENTIMETER"} if pixel_um else {}
    tifffile.imwrite(buffer, values, compression="zlib", **size)
    return buffer.getvalue()


def maps(store: RunStore, suffix: str, encode: Encode) -> Iterator[bytes]:
    """A zip, piece by piece, of estimate and sigma of every element, mask and provenance."""
    pixel_um = fine_pixel_um(store)
    mask = fine_mask(store)

    def pictures() -> Iterator[tuple[str, bytes]]:
        for index, element in enumerate(store.channels):
            for folder, image in (("estimate", "estimate"), ("sigma", "std")):
                values = np.asarray(store.image(image)[index], np.float32) * mask
                yield f"{folder}/{element}.{suffix}", encode(values, pixel_um)
        yield f"mask.{suffix}", encode(mask.astype(np.float32), pixel_um)
        yield "provenance.json", provenance(store)
        yield "README.md", about(store, pixel_um)

    return zipped(pictures(), zipfile.ZIP_DEFLATED)


def folder(place: Place, name: str) -> Iterator[bytes]:
    """A zip, piece by piece, of everything at a place as it lies there, under the folder `name`."""
    found = sorted(files(place))
    # Stored, not packed: the chunks are compressed already.
    return zipped(
        ((f"{name}/{file}", (place / file).read_bytes()) for file in found),
        zipfile.ZIP_STORED,
    )


def provenance(store: RunStore) -> bytes:
    """Where the run comes from and what it found, as JSON a person can read."""
    facts = {"provenance": store.provenance, "summary": store.summary}
    return json.dumps(facts, indent=2, sort_keys=True, ensure_ascii=False).encode() + b"\n"


def about(store: RunStore, pixel_um: float | None) -> bytes:
    """What the zip holds, in words."""
    rows, columns = store.shape
    known = {"rows": rows, "columns": columns, "pixel": ""}
    if pixel_um:
        known["pixel"] = f", {pixel_um:g} µm per pixel"
    if set(store.channels) == OBJECT:
        asked = ABOUT.format(units="units of their own", what="part of the object", **known)
        return (asked + FROM_FRAMES).encode()
    unit = store.provenance.get("units", "counts")
    unit = "counts per measured dwell" if unit == "counts" else unit
    return (ABOUT.format(units=unit, what="element", **known) + FINER_THAN_MEASURED).encode()


def fine_pixel_um(store: RunStore) -> float | None:
    """The size of an estimated pixel in micrometres, if the measurement states its own."""
    measured = store.provenance.get("pixel_size_um")
    return measured * store.measured_shape[0] / store.shape[0] if measured else None


def fine_mask(store: RunStore) -> NDArray[np.bool_]:
    """What was measured, on the estimate's grid: bool (H, W)."""
    mask = np.asarray(store.image("mask")[:], np.bool_)
    down, across = (full // part for full, part in zip(store.shape, mask.shape, strict=True))
    return mask.repeat(down, 0).repeat(across, 1)


def zipped(files: Iterator[tuple[str, bytes]], method: int) -> Iterator[bytes]:
    """A zip of (name, content) pairs, handed out as it grows: it never lies whole in memory."""
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", method) as archive:
        for name, content in files:
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content, method)
            yield sink.taken()
    yield sink.taken()


class _Sink(io.RawIOBase):
    """Where the zip is written to: cannot seek, and forgets what was taken out of it."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self._pieces.append(bytes(data))
        return len(data)

    def taken(self) -> bytes:
        """What was written since the last call."""
        data = b"".join(self._pieces)
        self._pieces.clear()
        return data
