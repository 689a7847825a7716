"""Every format that can be read, and which one a file is in: by its content, never by its name."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from workers.readers import (
    arrays,
    calcimage,
    gatan,
    h5oina,
    hspy,
    igor,
    jeol_conditions,
    nsid,
    ome_zarr,
    photos,
    text_maps,
    tiff,
    vendor,
)
from workers.readers.contents import Contents
from workers.readers.problems import not_a_map, refusal

HEAD_BYTES = 4096


@dataclass(frozen=True)
class Reader:
    """One format: `recognises(path, first bytes)` and `read(path)` (ReadError)."""

    title: str
    recognises: Callable[[Path, bytes], bool]
    read: Callable[[Path], Contents]


# The first that recognises a file reads it, so the strict ones stand before plain text.
READERS = (
    Reader("OME-Zarr", ome_zarr.recognises, ome_zarr.read),
    Reader("TIFF", tiff.recognises, tiff.read),
    Reader("NSID", nsid.recognises, nsid.read),
    Reader("HyperSpy", hspy.recognises, hspy.read),
    Reader("Oxford h5oina", h5oina.recognises, h5oina.read),
    Reader("NumPy npy", arrays.recognises_npy, arrays.read_npy),
    Reader("NumPy npz", arrays.recognises_npz, arrays.read_npz),
    Reader("Gatan", gatan.recognises, gatan.read),
    Reader("Igor", igor.recognises, igor.read),
    Reader("vendor formats", vendor.recognises, vendor.read),
    Reader("photos", photos.recognises, photos.read),
    Reader("JEOL conditions", jeol_conditions.recognises, jeol_conditions.read),
    Reader("CalcImage", calcimage.recognises, calcimage.read),
    Reader("text", text_maps.recognises, text_maps.read),
)


def reader_for(path: Path) -> Reader:
    """The reader of a file or Zarr folder; refuses an empty file, leaves out an unknown one."""
    head = head_of(path)
    if path.is_file() and not head:
        raise refusal(path.name, "The file is empty: the upload was cut off.", "Upload it again.")
    for reader in READERS:
        if reader.recognises(path, head):
            return reader
    raise not_a_map(
        path.name,
        "This is none of the formats that can be read.",
        "Export text or TIFF, one file per element; docs/readers.md lists all formats.",
    )


def head_of(path: Path) -> bytes:
    """The first bytes of a file; nothing of a folder."""
    if path.is_dir():
        return b""
    with path.open("rb") as file:
        return file.read(HEAD_BYTES)
