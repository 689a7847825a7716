"""CXI 1.6 and NeXus NXcxi_ptycho: HDF5 in SI units, one entry, frames beside translations.

Maia, Nature Methods 9, 854 (2012), and cxidb.org/cxi.html: `entry_1/data_1/data` or
`instrument_1/detector_1/data`, `sample_1/geometry_1/translation` (x, y, z) in metres, energy in
joules. NXcxi_ptycho names the same groups with attributes; what is found by name is read.
"""

import math
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray

from workers.measurement import Problem
from workers.readers import hdf5
from workers.readers.diffraction.aperture import probe_of
from workers.readers.diffraction.found import Found
from workers.readers.diffraction.limits import check_frames, numbers
from workers.readers.problems import refusal

ELECTRON = 1.98644586e-25  # Planck's constant times the speed of light, J m
REST = 8.1871058e-14  # energy of an electron at rest, J
JOULES = 1.602176634e-19  # in one electronvolt


def recognises(path: Path, head: bytes) -> bool:
    """HDF5 with an entry whose name begins so, and a translation in it."""
    if not head.startswith(hdf5.MAGIC):
        return False
    with hdf5.opened(path, soft_links=True) as file:
        entry = _entry(file)
        return entry is not None and _translation(entry) is not None


def read(path: Path) -> Found:
    """Everything the entry states, in metres and electronvolts (ReadError)."""
    with hdf5.opened(path, soft_links=True) as file:
        entry = _entry(file)
        assert entry is not None
        places = _translation(entry)
        assert places is not None
        detector = _group(entry, "instrument", "detector")
        source = _group(entry, "instrument", "source") or _group(entry, "instrument", "beam")
        frames = _frames(path.name, entry, detector)
        where = f"{path.name}{places.name}"
        along = np.asarray(numbers(places, where), np.float64)
        if along.ndim != 2 or along.shape[1] < 2:
            raise refusal(where, f"Places have the shape {along.shape}.", "One (x, y, z) each.")
        pixel = hdf5.number(detector, "x_pixel_size") if detector is not None else None
        energy = hdf5.number(source, "energy") if source is not None else None
        wavelength = _wavelength(source, energy)
        probe, problems = _stated(file, detector, frames, wavelength)
        if (written := _probe(file, frames.shape[1:])) is not None:
            probe, problems = written, ()
        return Found(
            format="CXI",
            frames=frames,
            positions=along[:, 1::-1],
            unit="m",
            mask=_mask(detector, frames.shape[1:]),
            probe=probe,
            wavelength_m=wavelength,
            energy_ev=None if energy is None else energy / JOULES,
            distance_m=hdf5.number(detector, "distance") if detector is not None else None,
            detector_pixel_m=pixel,
            problems=problems,
        )


def _wavelength(source: h5py.Group | None, energy: float | None) -> float | None:
    """As stated; of electrons, which a photon's formula does not hold for, from their energy."""
    if source is None:
        return None
    stated = hdf5.number(source, "wavelength")
    if stated is not None or energy is None or hdf5.words(source, "probe") != "electron":
        return stated
    return ELECTRON / math.sqrt(energy * (energy + 2 * REST))


def _entry(file: h5py.File) -> h5py.Group | None:
    names = [name for name in file if name.startswith("entry")]
    item = file[names[0]] if names else None
    return item if isinstance(item, h5py.Group) else None


def _group(parent: h5py.Group | None, *names: str) -> h5py.Group | None:
    """The group whose name begins so, and so on below it."""
    for name in names:
        if parent is None:
            return None
        found = [each for each in parent if each.startswith(name)]
        item = parent[found[0]] if found else None
        parent = item if isinstance(item, h5py.Group) else None
    return parent


def _translation(entry: h5py.Group) -> h5py.Dataset | None:
    for place in (
        _group(entry, "sample", "geometry"),
        _group(entry, "data"),
        _group(entry, "sample", "transformations"),
    ):
        item = None if place is None else place.get("translation")
        if isinstance(item, h5py.Dataset):
            return item
    return None


def _frames(file: str, entry: h5py.Group, detector: h5py.Group | None) -> NDArray[np.generic]:
    for place in (detector, _group(entry, "data")):
        item = None if place is None else place.get("data")
        if isinstance(item, h5py.Dataset):
            where = f"{file}{item.name}"
            check_frames(where, item.shape)
            return numbers(item, where)
    raise refusal(file, "It states places and holds no frames.", "Export the frames with them.")


def _mask(detector: h5py.Group | None, side: tuple[int, ...]) -> NDArray[np.bool_] | None:
    """CXI marks bad pixels with anything but 0."""
    item = None if detector is None else detector.get("mask")
    if not isinstance(item, h5py.Dataset) or item.shape[-2:] != side:
        return None
    marked: NDArray[np.bool_] = np.asarray(numbers(item, "mask")).reshape(-1, *side)[0] == 0
    return marked


def _probe(file: h5py.File, side: tuple[int, ...]) -> NDArray[np.complex64] | None:
    """A probe where one is written as an array of the frames' size."""
    for name in ("probe/data", "entry_1/probe/data", "entry_1/instrument_1/probe/data"):
        item = file.get(name)
        if isinstance(item, h5py.Dataset) and item.dtype.kind == "c" and item.shape[-2:] == side:
            return np.asarray(numbers(item, name), np.complex64).reshape(-1, *side)
    return None


def _stated(
    file: h5py.File,
    detector: h5py.Group | None,
    frames: NDArray[np.generic],
    wavelength: float | None,
) -> tuple[NDArray[np.complex64] | None, tuple[Problem, ...]]:
    """The probe that `probe_guess` describes, in the power of the frames."""
    guess = file.get("probe_guess")
    if not isinstance(guess, h5py.Group) or detector is None or wavelength is None:
        return None, ()
    angle, defocus = hdf5.number(guess, "semi_angle_rad"), hdf5.number(guess, "defocus_m")
    pixel, (height, width) = hdf5.number(detector, "reciprocal_pixel_size"), frames.shape[1:]
    if angle is None or defocus is None or pixel is None or height != width:
        return None, ()
    try:
        found = probe_of(height, pixel, wavelength, angle, defocus)
    except ValueError as error:
        sentence = f"The probe that the file describes was left out: {error}"
        return None, (Problem("warning", guess.name, sentence, "Check semi-angle and pixel."),)
    sentence = (
        f"The probe was calculated from a semi-angle of {angle * 1e3:.3g} mrad and a defocus of "
        f"{defocus * 1e6:.3g} µm, as the file states them."
    )
    counted = float(frames.sum(dtype=np.float64)) / len(frames)
    found = np.asarray(found * np.sqrt(counted), np.complex64)
    return found, (Problem("note", guess.name, sentence, "Other aberrations are left out."),)
