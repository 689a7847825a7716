"""MATLAB `.mat`: version 5 through scipy, version 7.3 through h5py. Columns run first in both.

The names are those of PtychoShelves and fold_slice (`dp`, `probe`, `ppX`/`ppY` or `outputs`) and of
plain exports (`diffraction`, `positions`). MATLAB keeps arrays column by column: in version 7.3 the
axes stand in reverse, in version 5 scipy has put them right.
"""

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import scipy.io
from numpy.typing import NDArray

from workers.readers import hdf5
from workers.readers.diffraction.found import Found
from workers.readers.diffraction.limits import check_frames, numbers
from workers.readers.limits import MAX_VALUES, check_array_size
from workers.readers.problems import refusal

VERSION_5 = b"MATLAB 5.0 MAT-file"
VERSION_73 = b"MATLAB 7.3 MAT-file"
FRAMES = ("dp", "diffraction", "data", "diff")
ROWS, COLUMNS = ("ppY", "y", "ycoords", "pos_y"), ("ppX", "x", "xcoords", "pos_x")
PLACES = ("positions", "pos", "scan")
PROBES = ("probe", "probe0")
_SAVE = "Save dp (row, column, frame) and positions (frame, [row column]) as plain arrays."


def recognises(path: Path, head: bytes) -> bool:
    """A MAT-file of either version that holds frames of three axes under a known name."""
    if head.startswith(VERSION_5):
        return any(name in FRAMES and len(shape) == 3 for name, shape, _ in _listed(path))
    if head.startswith((hdf5.MAGIC, VERSION_73)):
        with hdf5.opened(path, soft_links=True) as file:
            kept = [name for name in FRAMES if name in file]
            mat = "MATLAB_class" in file[kept[0]].attrs if kept else False
            return bool(mat) and file[kept[0]].ndim == 3
    return False


def read(path: Path) -> Found:
    """Frames as (frame, row, column), places and probe (ReadError)."""
    with path.open("rb") as file:
        old = file.read(len(VERSION_5)) == VERSION_5
    held = _version_5(path) if old else _version_73(path)
    frames = next(held[name] for name in FRAMES if name in held)
    frames = np.moveaxis(frames, 2, 0)
    check_frames(path.name, frames.shape)
    probe = next((held[name] for name in PROBES if name in held), None)
    return Found(
        format="MATLAB",
        frames=np.ascontiguousarray(frames),
        positions=_places(path, held),
        probe=_modes(probe, frames.shape[1:]),
    )


def _places(path: Path, held: dict[str, NDArray[Any]]) -> NDArray[np.float64]:
    rows, columns = (
        next((held[name].ravel() for name in names if name in held), None)
        for names in (ROWS, COLUMNS)
    )
    if rows is not None and columns is not None and rows.shape == columns.shape:
        return np.stack([rows, columns], axis=1).astype(np.float64)
    table = next((held[name] for name in PLACES if name in held), None)
    if table is None or table.ndim != 2 or 2 not in table.shape:
        raise refusal(path.name, "It states no places of its frames.", _SAVE)
    return np.asarray(table if table.shape[1] == 2 else table.T, np.float64)


def _modes(probe: NDArray[Any] | None, side: tuple[int, ...]) -> NDArray[np.complex64] | None:
    """Modes stand on the third axis."""
    if probe is None or probe.ndim < 2 or probe.shape[:2] != side:
        return None
    flat = probe.reshape(*side, -1)
    return np.ascontiguousarray(np.moveaxis(flat, 2, 0)).astype(np.complex64)


def _wanted() -> set[str]:
    return {*FRAMES, *ROWS, *COLUMNS, *PLACES, *PROBES}


def _listed(path: Path) -> list[tuple[str, tuple[int, ...], str]]:
    try:
        found: list[tuple[str, tuple[int, ...], str]] = scipy.io.whosmat(str(path))
    except (ValueError, TypeError, KeyError, OSError, NotImplementedError, IndexError) as error:
        raise refusal(
            path.name, f"This MAT-file is damaged or cut off: {error}.", "Save it again."
        ) from error
    return found


def _version_5(path: Path) -> dict[str, NDArray[Any]]:
    """The named arrays of numbers; what is no array of numbers is not even opened."""
    kinds = ("double", "single", "logical", *(f"{u}int{b}" for u in ("", "u") for b in (8, 16, 32)))
    names = []
    for name, shape, kind in _listed(path):
        if name in _wanted() and kind in kinds:
            check_array_size(f"{path.name}/{name}", shape)
            names.append(name)
    if path.stat().st_size > 16 * MAX_VALUES:
        raise refusal(path.name, "The file is too large to be read at once.", _SAVE)
    try:
        held: dict[str, NDArray[Any]] = scipy.io.loadmat(str(path), variable_names=names)
    except (ValueError, TypeError, KeyError, OSError, EOFError, IndexError) as error:
        raise refusal(
            path.name, f"This MAT-file is damaged or cut off: {error}.", "Save it again."
        ) from error
    return {name: held[name] for name in names}


def _version_73(path: Path) -> dict[str, NDArray[Any]]:
    held: dict[str, NDArray[Any]] = {}
    with hdf5.opened(path, soft_links=True) as file:
        for name in _wanted():
            item = file.get(name)
            if isinstance(item, h5py.Dataset):
                values = numbers(item, f"{path.name}/{name}")
                if values.dtype.names is None:
                    held[name] = values.T
    return held
