"""TIFF: one map per file, or a stack with one map per page."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray

from workers.measurement import Problem
from workers.readers import photos
from workers.readers.contents import Contents, Layer
from workers.readers.limits import MAX_FRAMES, check_array_size, check_map_size
from workers.readers.problems import not_a_map, refusal

_MAGIC = (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")
_MICROMETRE = frozenset({"um", "µm", "μm", "micron", "microns", r"\u00b5m", "micrometer"})
_RGB = tifffile.PHOTOMETRIC.RGB  # its planes may also lie one behind the other
_OME_CHANNEL = re.compile(r'<Channel\b[^>]*?\bName="([^"]*)"')
# These flavours name other files to read pixels from; a page is read from this file or not at all.
THIS_FILE_ONLY: dict[str, Any] = dict.fromkeys(
    ("is_ome", "is_mmstack", "is_ndtiff", "is_mdgel"), False
)


def recognises(path: Path, head: bytes) -> bool:
    """By the byte order mark of TIFF and BigTIFF."""
    return head[:4] in _MAGIC


def read(path: Path) -> Contents:
    """Every page of `path`; sizes are checked on the header before any pixel is decoded."""
    try:
        with tifffile.TiffFile(path, **THIS_FILE_ONLY) as tiff:
            planes = _planes(path, tiff)
            names = _names(path, tiff, len(planes))
            facts = _facts(tiff)
    except (tifffile.TiffFileError, ValueError, KeyError, IndexError, RuntimeError) as error:
        raise refusal(
            path.name,
            f"This TIFF is damaged or cut off: {str(error).rstrip('.')}.",
            "Export it again, or upload it again.",
        ) from error
    alone = len(planes) == 1
    layers = tuple(
        Layer(path.name if alone else f"{path.name}#{page}", plane, name)
        for page, (plane, name) in enumerate(zip(planes, names, strict=True), 1)
    )
    return Contents("TIFF", layers, facts, problems=_problems(path, names))


def _planes(path: Path, tiff: tifffile.TiffFile) -> list[NDArray[np.float32]]:
    planes: list[NDArray[np.float32]] = []
    for series in tiff.series:
        shape = tuple(int(size) for size in series.shape)
        if not series.axes.endswith("YX") or series.keyframe.photometric == _RGB:
            raise not_a_map(path.name, photos.COLOURS, photos.EXPORT_GREY)
        count = int(np.prod(shape[:-2], dtype=np.int64))
        if len(planes) + count > MAX_FRAMES:
            raise refusal(
                path.name,
                f"The stack has more than {MAX_FRAMES:,} pages.",
                "Export one page per element; cut a movie into shorter ones.",
            )
        check_map_size(path.name, shape[-2:])
        check_array_size(path.name, shape)
        if series.dtype is None or series.dtype.kind not in "uif":
            raise not_a_map(path.name, f"Its pixels are {series.dtype}, not numbers of counts.")
        values = np.asarray(series.asarray(), np.float32).reshape(count, *shape[-2:])
        planes.extend(values)
    if not planes:
        raise refusal(path.name, "This TIFF holds no picture.", "Export it again.")
    return planes


def _names(path: Path, tiff: tifffile.TiffFile, count: int) -> list[str | None]:
    """What each page calls itself: ImageJ labels, OME channels, page names; else the file's."""
    if count == 1:
        return [path.name]
    labels = (tiff.imagej_metadata or {}).get("Labels") if tiff.is_imagej else None
    if isinstance(labels, list) and len(labels) == count:
        return [str(label) for label in labels]
    channels = _OME_CHANNEL.findall(tiff.pages.first.description or "")
    if len(channels) == count:
        return list(channels)
    if len(tiff.pages) == count:
        return [_page_name(page.aspage()) for page in tiff.pages]
    return [None] * count


def _page_name(page: tifffile.TiffPage) -> str | None:
    tag = page.tags.get("PageName")
    return str(tag.value) if tag is not None and tag.value else None


def _facts(tiff: tifffile.TiffFile) -> dict[str, float]:
    """The pixel size where ImageJ wrote it in micrometres; a print resolution in dpi is none."""
    metadata = tiff.imagej_metadata or {} if tiff.is_imagej else {}
    resolution = tiff.pages.first.tags.get("XResolution")
    if str(metadata.get("unit", "")).casefold() not in _MICROMETRE or resolution is None:
        return {}
    pixels, micrometres = resolution.value
    return {"pixel_size_um": micrometres / pixels} if pixels and micrometres else {}


def _problems(path: Path, names: list[str | None]) -> tuple[Problem, ...]:
    if any(names):
        return ()
    return (
        Problem(
            "note",
            path.name,
            f"The {len(names)} pages of the stack carry no names.",
            "Choose the element of each page in the channel list.",
        ),
    )
