"""NSID, the HDF5 layout of sidpy: images of scanning probes, one dataset for each quantity.

A dataset whose attribute `data_type` says IMAGE is read, named by its `quantity`; its first axis
runs along x. Spectra are left alone.
"""

from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np

from workers.readers import hdf5
from workers.readers.contents import Contents, Layer
from workers.readers.limits import check_array_size, check_map_size
from workers.readers.pictures import left_out_note
from workers.readers.problems import refusal

_ROOTS = ("Measurement_", "Channel_")


def recognises(path: Path, head: bytes) -> bool:
    """An HDF5 file whose groups are named as sidpy names them (ReadError if it is harmful)."""
    if not head.startswith(hdf5.MAGIC):
        return False
    with hdf5.opened(path) as file:
        return any(name.startswith(_ROOTS) for name in file)


def read(path: Path) -> Contents:
    """Every image in the file; pixel sizes that its axes state in metres."""
    layers, sizes, left = [], [], 0
    with hdf5.opened(path) as file:
        found = list(_datasets(file))
        images = [each for each in found if _is_image(each)]
        check_array_size(path.name, (sum(each.size for each in images),))
        for dataset in found:
            if _text(dataset, "data_type") is None:
                continue  # an axis
            if not _is_image(dataset):
                left += 1
                continue
            quantity = _text(dataset, "quantity") or dataset.name.rsplit("/", 1)[-1]
            check_map_size(f"{path.name}/{quantity}", dataset.shape[::-1])
            values = hdf5.array(dataset, f"{path.name}/{quantity}").T
            plane = np.ascontiguousarray(values)
            layers.append(Layer(f"{path.name}/{quantity}", plane, quantity, quantity=quantity))
            sizes.append(_pixel_um(dataset))
    if not layers:
        raise refusal(
            path.name,
            "This NSID file holds no image.",
            "Select a scan; spectra on a grid are not read.",
        )
    known = [size for size in sizes if size is not None]
    return Contents(
        "NSID",
        tuple(layers),
        {"pixel_size_um": known[0]} if known else {},
        problems=left_out_note(path.name, left),
    )


def _datasets(group: h5py.Group) -> Iterator[h5py.Dataset]:
    for item in group.values():
        if isinstance(item, h5py.Dataset):
            yield item
        elif isinstance(item, h5py.Group):
            yield from _datasets(item)


def _is_image(dataset: h5py.Dataset) -> bool:
    return _text(dataset, "data_type") == "IMAGE" and dataset.ndim == 2


def _text(dataset: h5py.Dataset, name: str) -> str | None:
    value = dataset.attrs.get(name)
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value if isinstance(value, str) else None


def _pixel_um(dataset: h5py.Dataset) -> float | None:
    """The step along x where its axis lies beside the dataset and is in metres."""
    axis = dataset.parent.get("x")
    if not isinstance(axis, h5py.Dataset) or axis.size < 2 or _text(axis, "units") != "m":
        return None
    first, second = np.ravel(axis[:2])
    return float(abs(second - first)) * 1e6 or None
