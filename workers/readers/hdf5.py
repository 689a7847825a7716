"""Opening an HDF5 file of a stranger: what may be in it is checked before anything is read.

A file of 1.4 kB can declare 1.28 TB, name any file of the server as its "external storage", link
into other files, or ask for filters that load code. None of that is needed for a map.
"""

import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# Must be set before h5py loads: no filter plug-in may be looked for or loaded.
os.environ["HDF5_PLUGIN_PRELOAD"] = "::"

import h5py
import numpy as np
from numpy.typing import NDArray

from workers.readers.limits import MAX_VALUES
from workers.readers.problems import ReadError, refusal

MAGIC = b"\x89HDF\r\n\x1a\n"
MAX_OBJECTS = 20_000
MAX_DEPTH = 16
_FILTERS = {1: "deflate", 2: "shuffle", 3: "fletcher32", 5: "nbit", 6: "scaleoffset", 32000: "lzf"}
_AGAIN = "Export the map again from the instrument's software as a plain file."


@contextmanager
def opened(path: Path, *, soft_links: bool = False) -> Iterator[h5py.File]:
    """The file, open for reading, after every object in it was found harmless (ReadError).

    With `soft_links` names inside the file may stand for other objects of it, as CXI prescribes:
    each of those was looked at, and links into other files are refused either way.
    """
    try:
        with h5py.File(path, "r", locking=False) as file:
            _check_group(path.name, file, 0, [0], soft_links)
            yield file
    except ReadError:
        raise
    except (OSError, RuntimeError, KeyError, ValueError, TypeError) as error:
        raise refusal(
            path.name,
            f"This HDF5 file is damaged or incomplete: {_first_line(error)}.",
            "Upload it again; if that does not help, export it again.",
        ) from error


def array(dataset: h5py.Dataset, where: str) -> NDArray[np.float32]:
    """The numbers of a dataset as float32, at most MAX_VALUES of them (ReadError)."""
    if dataset.dtype.kind not in "uif":
        raise refusal(where, f"It holds {dataset.dtype}, not numbers.", _AGAIN)
    if math.prod(dataset.shape) > MAX_VALUES:
        declared = " × ".join(f"{size:,}" for size in dataset.shape)
        raise refusal(
            where, f"It declares {declared} values; up to {MAX_VALUES:,} can be read.", _AGAIN
        )
    return np.asarray(dataset[()], np.float32)


def number(group: h5py.Group, name: str) -> float | None:
    """The single number of the dataset `name`, None where there is none."""
    dataset = group.get(name)
    if not isinstance(dataset, h5py.Dataset) or dataset.size != 1:
        return None
    return float(np.ravel(dataset[()])[0]) if dataset.dtype.kind in "uif" else None


def words(group: h5py.Group, name: str) -> str | None:
    """The single text of the dataset `name`, None where there is none."""
    dataset = group.get(name)
    if not isinstance(dataset, h5py.Dataset) or dataset.size != 1:
        return None
    value = np.ravel(dataset[()])[0]
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else None


def _check_group(
    file: str, group: h5py.Group, depth: int, seen: list[int], soft_links: bool
) -> None:
    if depth > MAX_DEPTH:
        raise refusal(file, f"Its groups are nested deeper than {MAX_DEPTH} levels.", _AGAIN)
    for name in group:
        seen[0] += 1
        if seen[0] > MAX_OBJECTS:
            raise refusal(file, f"It holds more than {MAX_OBJECTS:,} objects.", _AGAIN)
        where = f"{file}{group.name.rstrip('/')}/{name}"
        link = group.get(name, getlink=True)
        if isinstance(link, h5py.ExternalLink):
            raise refusal(where, "It is a link into another file, which is never followed.", _AGAIN)
        if isinstance(link, h5py.SoftLink) and soft_links:
            continue
        if isinstance(link, h5py.SoftLink):
            raise refusal(where, "It is a symbolic link, which is never followed.", _AGAIN)
        item = group[name]
        if isinstance(item, h5py.Dataset):
            _check_dataset(where, item)
        elif isinstance(item, h5py.Group):
            _check_group(file, item, depth + 1, seen, soft_links)


def _check_dataset(where: str, dataset: h5py.Dataset) -> None:
    plan = dataset.id.get_create_plist()
    if plan.get_external_count() > 0:
        raise refusal(where, "It keeps its values in another file, which is never read.", _AGAIN)
    if plan.get_layout() == h5py.h5d.VIRTUAL:
        raise refusal(where, "It is assembled from other files, which are never read.", _AGAIN)
    for position in range(plan.get_nfilters()):
        code = plan.get_filter(position)[0]
        if code not in _FILTERS:
            raise refusal(where, f"It is compressed by filter {code}, which is not read.", _AGAIN)


def _first_line(error: BaseException) -> str:
    return str(error).splitlines()[0].rstrip(".")[:200] if str(error) else type(error).__name__
