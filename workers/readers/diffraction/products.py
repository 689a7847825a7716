"""What reconstruction programs exchange in HDF5: ptychodus' pair of files and PtyPy's `.ptyr`.

ptychodus: `<name>_dp.hdf5` with `dp` (frame, row, column) and `<name>_para.hdf5` with
`probe_position_x_m`, `probe_position_y_m` and `probe`; a product keeps the same arrays without
frames. PtyPy: `content/probe`, `content/positions` and, where the diffraction was saved too,
`content/diff`. A product without frames is no scan and is refused with a sentence.
"""

from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray

from workers.readers import hdf5
from workers.readers.diffraction.found import Found
from workers.readers.diffraction.limits import check_frames, numbers
from workers.readers.problems import refusal

_NO_FRAMES = "It holds a reconstruction without the frames it was made of."
_BRING = "Upload the file with the diffraction patterns (…_dp.hdf5) together with it."


def is_frames(path: Path, head: bytes) -> bool:
    """ptychodus' file of frames."""
    return _has(path, head, "dp")


def is_parameters(path: Path, head: bytes) -> bool:
    """ptychodus' file of places, or a product."""
    return _has(path, head, "probe_position_x_m")


def is_ptypy(path: Path, head: bytes) -> bool:
    """What PtyPy saves of a reconstruction."""
    return _has(path, head, "content/probe") or _has(path, head, "content/diff")


def read_pair(frames: Path, parameters: Path) -> Found:
    """Both files of ptychodus (ReadError)."""
    with hdf5.opened(frames, soft_links=True) as file:
        where = f"{frames.name}/dp"
        check_frames(where, file["dp"].shape)
        counted = numbers(file["dp"], where)
        index = _index(file, len(counted))
    with hdf5.opened(parameters, soft_links=True) as file:
        rows, columns = (
            np.asarray(numbers(file[f"probe_position_{axis}_m"], parameters.name), np.float64)
            for axis in "yx"
        )
        pixel = file.attrs.get("probe_pixel_width_m", file["probe"].attrs.get("pixel_width_m"))
        energy = file.attrs.get("probe_energy_eV")
        probe = _modes(file.get("probe"), counted.shape[1:])
        if rows.shape != columns.shape or rows.ndim != 1:
            raise refusal(parameters.name, "Its x and y places differ in number.", "Export again.")
    return Found(
        format="ptychodus",
        frames=counted,
        positions=np.stack([rows, columns], axis=1),
        unit="m",
        index=index,
        probe=probe,
        values="counts",
        zero="middle",
        energy_ev=_number(energy),
        pixel_m=_number(pixel),
    )


def alone(path: Path) -> Found:
    """Refuses one of the two files without the other."""
    with hdf5.opened(path, soft_links=True) as file:
        if "dp" in file:
            raise refusal(
                path.name,
                "These are the frames of a scan without their places.",
                "Upload its …_para.hdf5 together with it.",
            )
    raise refusal(path.name, _NO_FRAMES, _BRING)


def read_ptypy(path: Path) -> Found:
    """Frames, places and probe of the first storage of each (ReadError)."""
    with hdf5.opened(path, soft_links=True) as file:
        frames, places = (_storage(file, f"content/{kind}") for kind in ("diff", "positions"))
        if frames is None or "data" not in frames:
            raise refusal(path.name, _NO_FRAMES, "Save it with the diffraction data.")
        if places is None or "data" not in places:
            raise refusal(path.name, "It states no places.", "Save it with the positions.")
        where = f"{path.name}{frames.name}"
        check_frames(where, frames["data"].shape)
        counted = numbers(frames["data"], where)
        probe = _storage(file, "content/probe")
        pixel = None if probe is None else _first(probe.get("_psize", probe.get("psize")))
        energy = None if probe is None else hdf5.number(probe, "_energy")
        held = None if probe is None else _modes(probe.get("data"), counted.shape[1:])
        at = np.asarray(numbers(places["data"], where), np.float64)
    return Found(
        format="PtyPy",
        frames=counted,
        positions=at.reshape(-1, at.shape[-1])[:, :2],
        unit="m",
        probe=held,
        values="counts",
        zero="middle",
        energy_ev=None if energy is None else 1000 * energy,  # PtyPy counts in keV
        pixel_m=pixel,
    )


def _has(path: Path, head: bytes, name: str) -> bool:
    if not head.startswith(hdf5.MAGIC):
        return False
    with hdf5.opened(path, soft_links=True) as file:
        return name in file


def _index(file: h5py.File, count: int) -> NDArray[np.int64] | None:
    item = file.get("dp_index")
    if not isinstance(item, h5py.Dataset) or item.shape != (count,):
        return None
    return np.asarray(numbers(item, "dp_index"), np.int64)


def _storage(file: h5py.File, name: str) -> h5py.Group | None:
    group = file.get(name)
    if not isinstance(group, h5py.Group):
        return None
    inside = next(iter(group.values()), None)
    return inside if isinstance(inside, h5py.Group) else group


def _modes(item: object, side: tuple[int, ...]) -> NDArray[np.complex64] | None:
    if not isinstance(item, h5py.Dataset) or item.dtype.kind != "c" or item.shape[-2:] != side:
        return None
    return np.asarray(numbers(item, "probe"), np.complex64).reshape(-1, *side)


def _first(item: object) -> float | None:
    return float(np.ravel(item[()])[0]) if isinstance(item, h5py.Dataset) and item.size else None


def _number(value: object) -> float | None:
    number = float(value) if isinstance(value, int | float | np.number) else float("nan")
    return number if np.isfinite(number) and number > 0 else None
