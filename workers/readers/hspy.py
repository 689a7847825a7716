"""HyperSpy's own HDF5 files, `.hspy`: pictures and stacks of pictures.

Every group of `Experiments` is a signal: `data` and a group `axis-0`, `axis-1`, … for each of its
axes. Two signal axes make a picture, one more that is navigated makes a stack; spectra and
diffraction patterns on a grid are left alone.
"""

from pathlib import Path
from typing import Any

import h5py
import numpy as np

from workers.readers import hdf5, pictures
from workers.readers.contents import Contents
from workers.readers.lengths import in_um
from workers.readers.limits import check_array_size
from workers.readers.pictures import Picture
from workers.readers.problems import not_a_map

# Which axes of a picture are navigated: none; both, of a map summed from spectra; the frames of a
# stack.
_NAVIGATED = ([False, False], [True, True], [True, False, False])


def recognises(path: Path, head: bytes) -> bool:
    """An HDF5 file that says it is HyperSpy's (ReadError if it is harmful)."""
    if not head.startswith(hdf5.MAGIC):
        return False
    with hdf5.opened(path) as file:
        stated = str(file.attrs.get("file_format", ""))
        return stated.casefold() == "hyperspy" and isinstance(file.get("Experiments"), h5py.Group)


def read(path: Path) -> Contents:
    """Every picture in the file; the pixel size where the axis along x states a length."""
    with hdf5.opened(path) as file:
        signals = [s for s in file["Experiments"].values() if isinstance(s, h5py.Group)]
        found = [signal for signal in signals if _is_picture(signal)]
        for signal in found:
            pictures.check_shape(_where(path, signal), signal["data"].shape)
        check_array_size(path.name, (sum(signal["data"].size for signal in found),))
        read_in = [_picture(path, signal) for signal in found]
    if not read_in:
        raise not_a_map(
            path.name,
            "This HyperSpy file holds no picture: spectra, diffraction patterns on a grid, colours "
            "and complex numbers are not read.",
            "Save a picture or a stack of pictures: two signal axes, at most one axis of frames.",
        )
    return pictures.contents(path.name, "HyperSpy", read_in, len(signals) - len(found))


def _is_picture(signal: h5py.Group) -> bool:
    data = signal.get("data")
    if not isinstance(data, h5py.Dataset) or data.dtype.kind not in "uif":
        return False
    navigated = [_attribute(signal, n, "navigate") for n in range(data.ndim)]
    return navigated in _NAVIGATED


def _picture(path: Path, signal: h5py.Group) -> Picture:
    values = hdf5.array(signal["data"], _where(path, signal))
    title = _title(signal)
    along_x = values.ndim - 1
    step = _attribute(signal, along_x, "scale")
    length = in_um(step, _attribute(signal, along_x, "units")) if isinstance(step, float) else None
    return Picture("" if title == "__unnamed__" else title, values, length)


def _title(signal: h5py.Group) -> str:
    return str(signal.name.rsplit("/", 1)[-1])


def _where(path: Path, signal: h5py.Group) -> str:
    return f"{path.name}/{_title(signal)}"


def _attribute(signal: h5py.Group, axis: int, name: str) -> Any:
    """What the group of an axis states of it, as a plain value; None where it states nothing."""
    group = signal.get(f"axis-{axis}")
    value = group.attrs.get(name) if isinstance(group, h5py.Group) else None
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, np.generic):
        value = value.item()
    return float(value) if type(value) is int else value
