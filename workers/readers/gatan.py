"""DigitalMicrograph files of Gatan, `.dm3` and `.dm4`, through RosettaSciIO (see `vendor.py`).

Two-dimensional images and stacks of them; spectra, colours and complex numbers are left alone.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from workers.readers import pictures, vendor
from workers.readers.contents import Contents
from workers.readers.lengths import in_um
from workers.readers.limits import MAX_SPECTRUM_BYTES, check_array_size
from workers.readers.pictures import Picture
from workers.readers.problems import ReadError, not_a_map, refusal

_ENERGIES = ("eV", "keV")


def recognises(path: Path, head: bytes) -> bool:
    """By the version, 3 or 4, and the byte order that stands behind the file's size."""
    return _declared_bytes(head) is not None


def _declared_bytes(head: bytes) -> int | None:
    """How many bytes the file says that follow its head; None where it is no such file."""
    width = {3: 4, 4: 8}.get(int.from_bytes(head[:4]))
    if width is None or int.from_bytes(head[4 + width : 8 + width]) not in (0, 1):
        return None
    return int.from_bytes(head[4 : 4 + width])


def read(path: Path) -> Contents:
    """Every image but the thumbnail; the pixel size of its calibration along x."""
    size = path.stat().st_size
    if size > MAX_SPECTRUM_BYTES:
        raise refusal(
            path.name,
            f"It has {size:,} bytes; up to {MAX_SPECTRUM_BYTES:,} can be read.",
            "Cut the stack into shorter ones.",
        )
    signals = _signals(path, size)
    found = [signal for signal in signals if _is_picture(signal)]
    for signal in found:
        pictures.check_shape(path.name, signal["data"].shape)
    check_array_size(path.name, (sum(signal["data"].size for signal in found),))
    if not found:
        raise not_a_map(
            path.name,
            "This DigitalMicrograph file holds no image: spectra, colours and complex numbers are "
            "not read.",
            "Save an image or a stack of images; a colour picture in grey.",
        )
    read_in = [_picture(signal) for signal in found]
    return pictures.contents(path.name, "Gatan", read_in, len(signals) - len(found))


def _signals(path: Path, size: int) -> list[dict[str, Any]]:
    try:
        return vendor.signals(path, "digitalmicrograph", {})
    except ReadError as error:
        with path.open("rb") as file:
            declared = _declared_bytes(file.read(16)) or 0
        if declared <= size:
            raise
        raise refusal(
            path.name,
            f"It declares {declared:,} bytes and holds {size:,}: the upload or the file was cut "
            "off.",
            "Upload it again.",
        ) from error


def _is_picture(signal: Mapping[str, Any]) -> bool:
    data = signal["data"]
    return data.ndim in (2, 3) and data.dtype.kind in "uif" and not _is_spectrum(signal)


def _is_spectrum(signal: Mapping[str, Any]) -> bool:
    if any(axis.get("units") in _ENERGIES for axis in signal["axes"]):
        return True
    (image,) = signal["original_metadata"]["ImageList"].values()
    tags = _group(image, "ImageTags")
    stated = str(_group(tags, "Meta Data").get("Format", ""))
    return stated.startswith("Spectrum") or "spim" in tags


def _group(tags: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The group of tags called `name`; an empty one where that is something else."""
    found = tags.get(name)
    return found if isinstance(found, Mapping) else {}


def _picture(signal: Mapping[str, Any]) -> Picture:
    along_x = signal["axes"][-1]
    return Picture(
        str(signal["metadata"]["General"]["title"]),
        np.asarray(signal["data"], np.float32),
        in_um(float(along_x["scale"]), along_x["units"]),
    )
