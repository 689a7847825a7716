"""Writers of every format of diffraction scans, as the programs of the field lay them out.

Real files of tike's and CXI's layout are at hand; the others are written after the programs'
sources: ptychodus 1.7 (`_dp`/`_para`), PtyPy's `.ptyr`, PtychoPINN's npz, PtychoShelves' `.mat`.
"""

from pathlib import Path

import h5py
import numpy as np
import scipy.io
import tifffile

from tests.factories.scans import SIDE, counted
from workers.readers.diffraction.building import HC_EV_M

ENERGY_EV, DISTANCE_M, DETECTOR_M = 8800.0, 2.0, 75e-6
PIXEL_M = HC_EV_M / ENERGY_EV * DISTANCE_M / (SIDE * DETECTOR_M)


def tike(folder: Path) -> list[Path]:
    frames, at, probe = counted()
    np.savez(folder / "scan.npz", data=frames, scan=at, probe=probe[None, None] * 0.01)
    return [folder / "scan.npz"]


def ptycho_pinn(folder: Path) -> list[Path]:
    """Amplitudes, zero frequency in the middle, as float32."""
    frames, at, probe = counted()
    amplitude = np.sqrt(np.fft.fftshift(frames, (1, 2))).astype(np.float32)
    np.savez(
        folder / "pinn.npz",
        diffraction=amplitude,
        xcoords=at[:, 1],
        ycoords=at[:, 0],
        probeGuess=probe[0],
        objectGuess=np.ones((80, 80), np.complex64),
        scan_index=np.zeros(len(frames), int),
    )
    return [folder / "pinn.npz"]


def cxi(folder: Path, linked: bool = True) -> list[Path]:
    """CXI 1.6: `data_1/data` is a soft link into the detector, as cxidb prescribes."""
    frames, at, _ = counted()
    with h5py.File(folder / "scan.cxi", "w") as file:
        file["cxi_version"] = 160
        entry = file.create_group("entry_1")
        detector = entry.create_group("instrument_1/detector_1")
        detector["data"] = np.fft.fftshift(frames, (1, 2))
        detector["distance"], detector["x_pixel_size"] = DISTANCE_M, DETECTOR_M
        entry["instrument_1/source_1/energy"] = ENERGY_EV * 1.602176634e-19
        where = np.zeros((len(at), 3))
        where[:, 1::-1] = at * PIXEL_M
        entry["sample_1/geometry_1/translation"] = where
        entry.create_group("data_1")
        if linked:
            entry["data_1/data"] = h5py.SoftLink("/entry_1/instrument_1/detector_1/data")
            entry["data_1/translation"] = h5py.SoftLink("/entry_1/sample_1/geometry_1/translation")
    return [folder / "scan.cxi"]


def ptychodus(folder: Path) -> list[Path]:
    frames, at, probe = counted()
    with h5py.File(folder / "s_dp.hdf5", "w") as file:
        file["dp"] = np.fft.fftshift(frames, (1, 2))
    with h5py.File(folder / "s_para.hdf5", "w") as file:
        file["probe_position_x_m"] = at[:, 1] * PIXEL_M
        file["probe_position_y_m"] = at[:, 0] * PIXEL_M
        file["probe"] = probe
        file.attrs["probe_energy_eV"] = ENERGY_EV
        file["probe"].attrs["pixel_width_m"] = PIXEL_M
    return [folder / "s_dp.hdf5", folder / "s_para.hdf5"]


def ptyr(folder: Path) -> list[Path]:
    frames, at, probe = counted()
    with h5py.File(folder / "scan.ptyr", "w") as file:
        file["content/diff/Cdiff/data"] = np.fft.fftshift(frames, (1, 2))
        file["content/positions/S00/data"] = at * PIXEL_M
        file["content/probe/S00G00/data"] = probe
        file["content/probe/S00G00/_psize"] = np.array([PIXEL_M] * 2)
        file["content/probe/S00G00/_energy"] = ENERGY_EV / 1000
    return [folder / "scan.ptyr"]


def mat_5(folder: Path) -> list[Path]:
    frames, at, probe = counted()
    held = {
        "dp": np.moveaxis(np.fft.fftshift(frames, (1, 2)), 0, 2),
        "positions": at,
        "probe": np.moveaxis(probe, 0, 2),
    }
    scipy.io.savemat(folder / "scan.mat", held)
    return [folder / "scan.mat"]


def mat_73(folder: Path) -> list[Path]:
    """HDF5 with the axes in reverse, as MATLAB writes its columns."""
    frames, at, _ = counted()
    with h5py.File(folder / "scan73.mat", "w") as file:
        stack = np.moveaxis(np.fft.fftshift(frames, (1, 2)), 0, 2)
        file["dp"], file["ppY"], file["ppX"] = stack.T, at[None, :, 0], at[None, :, 1]
        for name in file:
            file[name].attrs["MATLAB_class"] = np.bytes_("double")
    return [folder / "scan73.mat"]


def tiff_and_table(folder: Path, heading: str = "row (px),column (px)") -> list[Path]:
    frames, at, _ = counted()
    tifffile.imwrite(folder / "frames.tif", np.fft.fftshift(frames, (1, 2)), compression="zlib")
    np.savetxt(folder / "places.csv", at, delimiter=",", header=heading, comments="")
    return [folder / "frames.tif", folder / "places.csv"]


WRITERS = (tike, ptycho_pinn, cxi, ptychodus, ptyr, mat_5, mat_73, tiff_and_table)
UNSTATED = (mat_5, mat_73)  # say no unit of their places
