"""Writers of every format that is read, as the programs of the field write them.

No real `.h5oina`, CalcImage, Cameca or OME-Zarr file of a map is free to keep here, so these are
written after the public specification (h5oina) or after files seen in public repositories.
"""

import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import h5py
import numpy as np
import tifffile
import zarr

ELEMENTS = ("Si", "Mg", "Fe")
SHAPE = (40, 48)


def specimen(elements=ELEMENTS, shape=SHAPE, seed=1) -> dict[str, np.ndarray]:
    """Poisson counts of two phases with a straight boundary, float32 (h, w) per element."""
    generator = np.random.default_rng(seed)
    left = np.arange(shape[1]) < shape[1] // 2
    maps = {}
    for number, element in enumerate(elements):
        mean = np.where(left, 40.0 * (number + 1), 15.0) * np.ones(shape)
        maps[element] = generator.poisson(mean).astype(np.float32)
    return maps


def jeol(folder: Path, maps: Mapping[str, np.ndarray], name="sample_A_{}.txt") -> list[Path]:
    """Tab-separated rows, each with a trailing tab, Windows line ends."""
    return [
        _text(folder / name.format(element), ("\t".join(row) + "\t\r\n" for row in _rows(plane)))
        for element, plane in maps.items()
    ]


def xmaptools(folder: Path, maps: Mapping[str, np.ndarray]) -> list[Path]:
    """As MATLAB's `save -ascii` writes them: no header, blanks, exponents."""
    return [
        _text(folder / f"{e}.txt", ("  " + "  ".join(f"{v:.7e}" for v in row) + "\n" for row in p))
        for e, p in maps.items()
    ]


def aztec(folder: Path, maps: Mapping[str, np.ndarray]) -> list[Path]:
    """`Si K series.csv`: every row ends with a comma."""
    return [
        _text(folder / f"{e} K series.csv", (",".join(row) + ",\r\n" for row in _rows(p)))
        for e, p in maps.items()
    ]


def cameca(folder: Path, maps: Mapping[str, np.ndarray]) -> list[Path]:
    """A header of facts, then rows numbered on both sides."""
    paths = []
    for element, plane in maps.items():
        height, width = plane.shape
        lines = [
            "Start Point : X = -1200 Y = 3400\n",
            f"Step Number : {width}\n",
            "Step Size : 2.5 um\n",
            f"Line Number : {height}\n",
            "Dwell Time : 20 ms\n",
            f"Image : {element} Ka\n",
            "\t".join(["0", *map(str, range(1, width + 1))]) + "\n",
            *("\t".join([str(n), *row]) + "\n" for n, row in enumerate(_rows(plane), 1)),
        ]
        paths.append(_text(folder / f"map_{element} Ka.txt", lines))
    return paths


def calcimage(folder: Path, maps: Mapping[str, np.ndarray]) -> list[Path]:
    """Counts of sizes, quoted names, one row per pixel."""
    height, width = next(iter(maps.values())).shape
    names = "".join(f'\t"{element} WT%"' for element in maps)
    lines = [f"{width}\t{height}\t{width * height}\t{6 + len(maps)}\t\n"]
    lines.append(f'"NK"\t\t"X"\t"Y"\t"NX"\t"NY"\t"NXY"{names}\n')
    for y in range(height):
        for x in range(width):
            values = "\t".join(f"{plane[y, x]:.7g}" for plane in maps.values())
            place = f"0\t{15.5 + 0.002 * x:.4f}\t{-19.7:.4f}\t{x + 1}\t{y + 1}\t{y * width + x + 1}"
            lines.append(f"{place}\t{values}\n")
    return [_text(folder / "Oxide_Image_Classify.DAT", lines)]


def tiffs(folder: Path, maps: Mapping[str, np.ndarray], name="x_32bt_{}.tif") -> list[Path]:
    paths = []
    for element, plane in maps.items():
        paths.append(folder / name.format(element))
        tifffile.imwrite(paths[-1], plane.astype(np.uint32), compression="zlib")
    return paths


def imagej_stack(folder: Path, maps: Mapping[str, np.ndarray]) -> list[Path]:
    """One multi-page file with labels and a pixel size of 0.5 µm."""
    path = folder / "stack.tif"
    stack = np.stack(list(maps.values())).astype(np.float32)
    metadata = {"axes": "CYX", "Labels": [f"{e} Ka" for e in maps], "unit": "um"}
    tifffile.imwrite(path, stack, imagej=True, resolution=(2.0, 2.0), metadata=metadata)
    return [path]


def npz(folder: Path, maps: Mapping[str, np.ndarray]) -> list[Path]:
    np.savez_compressed(folder / "maps.npz", **{e: p.astype(np.uint16) for e, p in maps.items()})
    return [folder / "maps.npz"]


def named_stack_npz(folder: Path, maps: Mapping[str, np.ndarray]) -> list[Path]:
    stack = np.stack(list(maps.values())).astype(np.uint16)
    np.savez(folder / "cube.npz", counts=stack, channels=np.array(list(maps)))
    return [folder / "cube.npz"]


def h5oina(
    folder: Path,
    maps: Mapping[str, np.ndarray],
    live_seconds: float = 0.0123,
    change: Callable[[h5py.File], None] | None = None,
) -> list[Path]:
    """A version-5 file with window integrals in counts per second, as the specification says."""
    path = folder / "Project 1 Map Data 1.h5oina"
    height, width = next(iter(maps.values())).shape
    live = np.full(height * width, live_seconds, np.float32)
    with h5py.File(path, "w") as file:
        file["Format Version"] = np.array([b"5.0"])
        file["Software Version"] = np.array([b"6.0.8014.1"])
        file["Index"] = np.array([b"1"])
        header = file.create_group("1/EDS/Header")
        for name, value in (("X Cells", width), ("Y Cells", height), ("Number Frames", 4)):
            header[name] = np.array([value], np.int32)
        for name, value in (("X Step", 0.75), ("Y Step", 0.75), ("Beam Voltage", 15.0)):
            header[name] = np.array([value], np.float32)
        data = file.create_group("1/EDS/Data")
        data["Live Time"] = live
        data["Real Time"] = live * np.float32(1.1)
        for element, plane in maps.items():
            rate = (plane.ravel() / live).astype(np.float32)
            dataset = data.create_dataset(
                f"Window Integral/{element} Ka1", data=rate, compression="lzf", chunks=True
            )
            dataset.attrs["X-ray Line"] = "Ka1"
        image = np.random.default_rng(0).integers(0, 255, height * width).astype(np.uint8)
        file["1/Electron Image/Data/BSE/Electron Image 1"] = image
        if change is not None:
            change(file)
    return [path]


def ome_zarr(folder: Path, maps: Mapping[str, np.ndarray], zarr_format=3) -> list[Path]:
    """An OME-Zarr image with channel labels and pixels of 2 µm; Zarr 3 as OME-Zarr 0.5."""
    path = folder / "image.zarr"
    stack = np.stack(list(maps.values())).astype(np.uint16)
    root = zarr.create_group(path, zarr_format=zarr_format)
    root.create_array("0", data=stack, chunks=(1, 16, 16))
    axes = [{"name": "c", "type": "channel"}]
    axes += [{"name": name, "type": "space", "unit": "micrometer"} for name in "yx"]
    scale = {"type": "scale", "scale": [1.0, 2.0, 2.0]}
    image = {"axes": axes, "datasets": [{"path": "0", "coordinateTransformations": [scale]}]}
    metadata = {"multiscales": [image], "omero": {"channels": [{"label": e} for e in maps]}}
    root.attrs.update({"ome": {"version": "0.5", **metadata}} if zarr_format == 3 else metadata)
    return [path]


def ome_zarr_2(folder: Path, maps: Mapping[str, np.ndarray]) -> list[Path]:
    return ome_zarr(folder, maps, zarr_format=2)


def zipped(paths: list[Path], archive: Path) -> Path:
    """A zip of files and folders, each under its own name."""
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as sink:
        for path in paths:
            for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
                if file.is_file():
                    sink.write(file, file.relative_to(path.parent))
    return archive


def zipped_ome_zarr(folder: Path, maps: Mapping[str, np.ndarray]) -> list[Path]:
    return [zipped(ome_zarr(folder, maps), folder / "image.ome.zarr.zip")]


def zipped_texts(folder: Path, maps: Mapping[str, np.ndarray]) -> list[Path]:
    return [zipped(jeol(folder, maps), folder / "maps.zip")]


WRITERS = (
    jeol,
    xmaptools,
    aztec,
    cameca,
    calcimage,
    tiffs,
    imagej_stack,
    npz,
    named_stack_npz,
    h5oina,
    ome_zarr,
    ome_zarr_2,
    zipped_ome_zarr,
    zipped_texts,
)


def _rows(plane: np.ndarray) -> list[list[str]]:
    return [[f"{value:g}" for value in row] for row in plane]


def _text(path: Path, lines) -> Path:
    path.write_text("".join(lines), newline="")
    return path
