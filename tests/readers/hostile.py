"""Files made to hurt: each entry writes one into a folder and names what must be said of it."""

import os
import pickle
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import tifffile
import zarr

from tests.factories import gatan, hyperspy, igor
from tests.readers import files

TARGET = "secret.txt"  # a file beside the upload that must never be read


class RunsWhenUnpickled:
    """A pickle that leaves a file behind if anybody opens it."""

    def __init__(self, trace: Path):
        self.trace = trace

    def __reduce__(self):
        return (os.mkdir, (str(self.trace),))


def pickle_named_npy(folder: Path) -> Path:
    (folder / "Si.npy").write_bytes(pickle.dumps(RunsWhenUnpickled(folder / "ran")))
    return folder / "Si.npy"


def npy_of_objects(folder: Path) -> Path:
    array = np.array([[RunsWhenUnpickled(folder / "ran")] * 9] * 9, dtype=object)
    np.save(folder / "Si.npy", array, allow_pickle=True)
    return folder / "Si.npy"


def npy_of_671_gigabytes(folder: Path) -> Path:
    with (folder / "Si.npy").open("wb") as file:
        header = {"descr": "<f8", "fortran_order": False, "shape": (300_000, 300_000)}
        np.lib.format.write_array_header_1_0(file, header)
    return folder / "Si.npy"


def npz_cut_off(folder: Path) -> Path:
    (path,) = files.npz(folder, files.specimen())
    path.write_bytes(path.read_bytes()[:-100])
    return path


def hdf5_of_one_terabyte(folder: Path) -> Path:
    def change(file):
        del file["1/EDS/Data/Window Integral"]
        file.create_dataset(
            "1/EDS/Data/Window Integral/Si Ka1", (2**20, 2**18), "f4", chunks=(2**10, 2**10)
        )

    return files.h5oina(folder, files.specimen(), change=change)[0]


def hdf5_of_one_terabyte_with_fitting_header(folder: Path) -> Path:
    def change(file):
        header, data = file["1/EDS/Header"], file["1/EDS/Data"]
        header["X Cells"][0], header["Y Cells"][0] = 2**20, 2**18
        del data["Window Integral"]
        data.create_dataset("Window Integral/Si Ka1", (2**38,), "f4", chunks=(2**20,))

    return files.h5oina(folder, files.specimen(), change=change)[0]


def _h5oina_with(folder: Path, change: Callable[[h5py.File], None]) -> Path:
    (folder / TARGET).write_text("password" * 1000)
    return files.h5oina(folder, files.specimen(), change=change)[0]


def hdf5_external_storage(folder: Path) -> Path:
    def change(file):
        external = [(str(folder / TARGET), 0, 4 * 48 * 40)]
        file.create_dataset("1/EDS/Data/Window Integral/Ca Ka1", (1920,), "f4", external=external)

    return _h5oina_with(folder, change)


def hdf5_external_link(folder: Path) -> Path:
    def change(file):
        file["1/EDS/Data/Window Integral/Ca Ka1"] = h5py.ExternalLink(TARGET, "/a")

    return _h5oina_with(folder, change)


def hdf5_soft_link(folder: Path) -> Path:
    def change(file):
        file["1/EDS/Data/Window Integral/Ca Ka1"] = h5py.SoftLink("/1/EDS/Data/Live Time")

    return _h5oina_with(folder, change)


def hdf5_virtual_dataset(folder: Path) -> Path:
    def change(file):
        layout = h5py.VirtualLayout((1920,), "f4")
        layout[:] = h5py.VirtualSource(str(folder / TARGET), "a", (1920,))
        file.create_virtual_dataset("1/EDS/Data/Window Integral/Ca Ka1", layout)

    return _h5oina_with(folder, change)


def hdf5_unknown_filter(folder: Path) -> Path:
    def change(file):
        plan = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        plan.set_chunk((1920,))
        plan.set_filter(32015, h5py.h5z.FLAG_OPTIONAL, ())
        space = h5py.h5s.create_simple((1920,))
        group = file["1/EDS/Data/Window Integral"].id
        h5py.h5d.create(group, b"Ca Ka1", h5py.h5t.NATIVE_FLOAT, space, plan)

    return _h5oina_with(folder, change)


def hdf5_endless_groups(folder: Path) -> Path:
    def change(file):
        file["1/EDS/Data/again"] = file["1"]

    return _h5oina_with(folder, change)


def hdf5_cut_off(folder: Path) -> Path:
    (path,) = files.h5oina(folder, files.specimen())
    path.write_bytes(path.read_bytes()[:3000])
    return path


def hdf5_of_another_kind(folder: Path) -> Path:
    with h5py.File(folder / "maps.h5", "w") as file:
        file["Si"] = np.ones((20, 20))
    return folder / "maps.h5"


def tiff_of_a_trillion_pixels(folder: Path) -> Path:
    tags = [
        (256, 4, 2**20),
        (257, 4, 2**20),
        (258, 3, 16),
        (259, 3, 1),
        (262, 3, 1),
        (273, 4, 8),
        (277, 3, 1),
        (278, 4, 2**20),
        (279, 4, 2**31),
    ]
    body = struct.pack("<2sHIH", b"II", 42, 8, len(tags))
    for code, kind, value in tags:
        body += struct.pack("<HHII", code, kind, 1, value)
    (folder / "Si.tif").write_bytes(body + struct.pack("<I", 0))
    return folder / "Si.tif"


def tiff_cut_off(folder: Path) -> Path:
    path = files.tiffs(folder, files.specimen())[0]
    path.write_bytes(path.read_bytes()[:-1500])
    return path


def plain_tiff_cut_off(folder: Path) -> Path:
    path = folder / "Si.tif"
    tifffile.imwrite(path, files.specimen()["Si"].astype(np.uint16), rowsperstrip=4)
    path.write_bytes(path.read_bytes()[:-1000])
    return path


def zip_leading_outside(folder: Path) -> Path:
    with zipfile.ZipFile(folder / "maps.zip", "w") as archive:
        archive.writestr("../../outside.txt", "1 2\n3 4\n")
    return folder / "maps.zip"


def zip_with_a_link(folder: Path) -> Path:
    link = zipfile.ZipInfo("Si.txt")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(folder / "maps.zip", "w") as archive:
        archive.writestr(link, "/etc/hostname")
    return folder / "maps.zip"


def zip_bomb(folder: Path) -> Path:
    with (
        zipfile.ZipFile(folder / "maps.zip", "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("Si.txt", "w") as member,
    ):
        for _ in range(100):
            member.write(b"0 " * 2**19)
    return folder / "maps.zip"


def zip_that_lies_about_its_size(folder: Path) -> Path:
    path = zip_bomb(folder)
    body, size = path.read_bytes(), struct.pack("<I", 100 * 2**20)
    path.write_bytes(body.replace(size, struct.pack("<I", 1000)))
    return path


def zip_cut_off(folder: Path) -> Path:
    path = files.zipped_texts(folder, files.specimen())[0]
    path.write_bytes(path.read_bytes()[:-200])
    return path


def zarr_of_640_gigabytes(folder: Path) -> Path:
    (path,) = files.ome_zarr(folder, files.specimen())
    plan = path / "0" / "zarr.json"
    plan.write_text(plan.read_text().replace("3,\n    40,\n    48", "8,\n    400000,\n    200000"))
    return path


def zarr_with_a_pickle_codec(folder: Path) -> Path:
    (path,) = files.ome_zarr_2(folder, files.specimen())
    plan = path / "0" / ".zarray"
    text = plan.read_text().replace('"filters": null', '"filters": [{"id": "pickle"}]')
    plan.write_text(text)
    return path


def zarr_of_objects(folder: Path) -> Path:
    (path,) = files.ome_zarr_2(folder, files.specimen())
    plan = path / "0" / ".zarray"
    plan.write_text(plan.read_text().replace('"<u2"', '"|O"'))
    return path


def zarr_leading_outside(folder: Path) -> Path:
    (path,) = files.ome_zarr(folder, files.specimen())
    group = zarr.open_group(path)
    ome = dict(group.attrs["ome"])
    ome["multiscales"][0]["datasets"][0]["path"] = "../../elsewhere"
    group.attrs["ome"] = ome
    return path


def text_with_a_ragged_row(folder: Path) -> Path:
    path = files.jeol(folder, files.specimen())[0]
    path.write_text(path.read_text()[:-9])
    return path


def text_of_one_pixel(folder: Path) -> Path:
    (folder / "Si.txt").write_text("7\n")
    return folder / "Si.txt"


def text_of_a_gigabyte(folder: Path) -> Path:
    with (folder / "Si.txt").open("wb") as file:
        file.write(b"1 2 3\n" * 1000)
        file.truncate(2**30)
    return folder / "Si.txt"


def all_zero_counts(folder: Path) -> Path:
    np.save(folder / "Si.npy", np.zeros((40, 40), np.uint16))
    return folder / "Si.npy"


def empty_file(folder: Path) -> Path:
    (folder / "Si.tif").touch()
    return folder / "Si.tif"


def unknown_binary(folder: Path) -> Path:
    (folder / "Si.dat").write_bytes(bytes(range(256)) * 40)
    return folder / "Si.dat"


def _nsid_image(folder: Path, shape: tuple[int, int], **storage: object) -> Path:
    path = folder / "scan.h5"
    with h5py.File(path, "w") as file:
        for n in range(3):
            name = f"Measurement_000/Channel_{n}/Channel_{n}/Channel_{n}"
            image = file.create_dataset(name, shape, "f4", **storage)
            image.attrs["data_type"], image.attrs["quantity"] = "IMAGE", f"Phase{n}"
    return path


def nsid_of_many_large_images(folder: Path) -> Path:
    return _nsid_image(folder, (8000, 8000), chunks=(8000, 1))


def nsid_external_storage(folder: Path) -> Path:
    return _nsid_image(folder, (16, 16), external=[(str(folder / TARGET), 0, 4 * 256)])


def hspy_soft_link(folder: Path) -> Path:
    path = hyperspy.write(folder / "run.hspy", hyperspy.signal(np.ones((3, 16, 16), np.float32)))
    with h5py.File(path, "a") as file:
        file["Experiments/again"] = h5py.SoftLink("/Experiments/HAADF")
    return path


def dm4_of_many_terabytes(folder: Path) -> Path:
    tags = gatan.image(np.ones((3, 16, 16), np.int16))
    tags["ImageData"]["Data"].declared = 2**42
    return gatan.write(folder / "run.dm4", tags, version=4)


def dm3_cut_off(folder: Path) -> Path:
    path = gatan.write(folder / "run.dm3", gatan.image(np.ones((3, 16, 16), np.int16)))
    path.write_bytes(path.read_bytes()[:-900])
    return path


def igor_cut_off(folder: Path) -> Path:
    path = igor.write(folder / "scan.ibw", np.ones((16, 16, 3), np.float32))
    path.write_bytes(path.read_bytes()[:-100])
    return path


CASES = (
    (pickle_named_npy, "pickle"),
    (npy_of_objects, "pickle"),
    (npy_of_671_gigabytes, "300,000 × 300,000"),
    (npz_cut_off, "cut off"),
    (hdf5_of_one_terabyte, "values"),
    (hdf5_of_one_terabyte_with_fitting_header, "1,048,576"),
    (hdf5_external_storage, "another file"),
    (hdf5_external_link, "another file"),
    (hdf5_soft_link, "symbolic link"),
    (hdf5_virtual_dataset, "other files"),
    (hdf5_unknown_filter, "filter 32015"),
    (hdf5_endless_groups, "deeper than"),
    (hdf5_cut_off, "damaged or incomplete"),
    (hdf5_of_another_kind, "h5oina"),
    (nsid_of_many_large_images, "192,000,000 values"),
    (nsid_external_storage, "another file"),
    (hspy_soft_link, "symbolic link"),
    (dm4_of_many_terabytes, "could not make sense of it"),
    (dm3_cut_off, "cut off"),
    (igor_cut_off, "cut off"),
    (tiff_of_a_trillion_pixels, "1,048,576"),
    (tiff_cut_off, "damaged"),
    (plain_tiff_cut_off, "cut off: failed to read"),
    (zip_leading_outside, "outside"),
    (zip_with_a_link, "link"),
    (zip_bomb, "swell"),
    (zip_that_lies_about_its_size, "damaged"),
    (zip_cut_off, "cut off"),
    (zarr_of_640_gigabytes, "400,000"),
    (zarr_with_a_pickle_codec, "pickle"),
    (zarr_of_objects, "|O"),
    (zarr_leading_outside, "outside"),
    (text_with_a_ragged_row, "cut off"),
    (text_of_one_pixel, "1 × 1"),
    (text_of_a_gigabyte, "MiB"),
    (all_zero_counts, "nothing was counted"),
    (empty_file, "empty"),
    (unknown_binary, "none of the formats"),
)
