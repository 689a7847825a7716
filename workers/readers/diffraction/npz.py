"""NumPy `.npz` of two programs: tike (counts, zero frequency in the corner) and PtychoPINN.

tike and pty-chi keep `data`, `scan` (row, column; pixels) and `probe`; PtychoPINN `diffraction`,
`xcoords`, `ycoords` (pixels) and `probeGuess`, where frames are amplitudes with zero frequency in
the middle. A file states none of this: its names only say whose layout it is in.
"""

import zipfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from workers.readers import arrays
from workers.readers.diffraction.found import Found
from workers.readers.diffraction.limits import check_frames
from workers.readers.problems import refusal

FRAMES = ("diffraction", "data", "intensity", "diff3d")
PLACES = ("scan", "scan_px", "positions")
PROBES = ("probe", "probeGuess")
NUMBERS = ("scan_index", "frame_index", "index")


def recognises(path: Path, head: bytes) -> bool:
    """An npz with frames under a known name and places beside them."""
    if not arrays.recognises_npz(path, head):
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            names = {name.removesuffix(".npy") for name in archive.namelist()}
    except zipfile.BadZipFile:
        return False
    return bool(names & set(FRAMES)) and bool(names & {*PLACES, "xcoords"})


def read(path: Path) -> Found:
    """The arrays by whichever of both layouts the names are of (ReadError)."""
    wanted = {*FRAMES, *PLACES, *PROBES, *NUMBERS, "xcoords", "ycoords", "mask"}
    held = arrays.members(path, lambda name: name in wanted)
    where = f"{path.name}/{_first(held, FRAMES)}"
    frames = held[_first(held, FRAMES)]
    frames = frames.reshape(frames.shape[-3:]) if frames.ndim == 4 and len(frames) == 1 else frames
    check_frames(where, frames.shape)
    pinn = "xcoords" in held
    if pinn and "ycoords" not in held:
        raise refusal(path.name, "It has xcoords and no ycoords.", "Add the rows as ycoords.")
    if pinn:
        places = np.stack([held["ycoords"].ravel(), held["xcoords"].ravel()], axis=1)
    else:
        places = held[_first(held, PLACES)].reshape(-1, held[_first(held, PLACES)].shape[-1])[:, :2]
    numbered = next((held[name] for name in NUMBERS if name in held), None)
    mask = held.get("mask")
    return Found(
        format="PtychoPINN npz" if pinn else "tike npz",
        frames=frames,
        positions=np.asarray(places, np.float64),
        unit="px",
        index=_rising(numbered, len(frames)),
        probe=_probe(held, frames.shape[1:]),
        mask=None if mask is None or mask.shape != frames.shape[1:] else mask.astype(bool),
        values="amplitude" if pinn else None,
        zero="middle" if pinn else None,
    )


def _first(held: dict[str, NDArray[np.generic]], names: tuple[str, ...]) -> str:
    return next(name for name in names if name in held)


def _rising(numbers: NDArray[np.generic] | None, count: int) -> NDArray[np.int64] | None:
    """Numbers of frames where they are such: one each, rising (PtychoPINN numbers its objects)."""
    if numbers is None or numbers.shape != (count,) or numbers.dtype.kind not in "ui":
        return None
    whole = numbers.astype(np.int64)
    return whole if (np.diff(whole) > 0).all() else None


def _probe(
    held: dict[str, NDArray[np.generic]], side: tuple[int, ...]
) -> NDArray[np.complex64] | None:
    """Probe modes `(m, h, w)` of any leading axes; None where there are none of that size."""
    found = next((held[name] for name in PROBES if name in held), None)
    if found is None or found.ndim < 2 or found.shape[-2:] != side:
        return None
    return np.asarray(found, np.complex64).reshape(-1, *side)
