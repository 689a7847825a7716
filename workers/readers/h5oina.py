"""Oxford Instruments AZtec `.h5oina`, after its public specification (versions 1 to 8).

`/1/EDS/Data` holds the maps, flattened row by row: "Window Integral" (counts per second of live
time in an energy window), "Peak Area" (fitted, counts per second) and "Composition" (wt%). The
counts themselves come back as window integral × live time. Pixels outside the acquisition are NaN.
"""

from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from workers.measurement import Problem, Units
from workers.readers import hdf5
from workers.readers.contents import Contents, Layer
from workers.readers.limits import MAX_CHANNELS, check_array_size, check_map_size
from workers.readers.problems import refusal

_KINDS: tuple[tuple[str, Units], ...] = (
    ("Window Integral", "counts"),
    ("Peak Area", "intensity"),
    ("Composition", "wt%"),
)
_WHOLE = 0.02  # of a count: how far float32 rates may leave a restored count from a whole number


def recognises(path: Path, head: bytes) -> bool:
    """An HDF5 file; whether it is Oxford's is told by its contents."""
    return head.startswith(hdf5.MAGIC)


def read(path: Path) -> Contents:
    """The element maps, facts and electron image of the one acquisition in the file."""
    with hdf5.opened(path) as file:
        if "Format Version" not in file or not isinstance(file.get("1"), h5py.Group):
            raise refusal(
                path.name,
                "This HDF5 file does not follow Oxford's .h5oina specification.",
                "Export .h5oina from AZtec, or one text or TIFF file per element.",
            )
        detector = next((d for d in ("EDS", "EDS1") if d in file["1"]), None)
        if detector is None:
            raise refusal(path.name, "It holds no EDS acquisition.", "Export the EDS map.")
        return _acquisition(path, file, detector)


def _acquisition(path: Path, file: h5py.File, detector: str) -> Contents:
    eds = file["1"][detector]
    header, data = eds["Header"], eds["Data"]
    shape = _shape(path, header)
    problems = []
    kind, units, maps = _maps(path, data)
    check_array_size(path.name, (len(maps), *shape))
    planes = {name: _plane(path, maps[name], shape) for name in maps}
    if units == "counts":
        planes, units = _restored_counts(path, data, shape, planes)
        if units != "counts":
            problems.append(_rates_only(path))
    if detector == "EDS1":
        problems.append(_one_detector(path))
    layers = [
        Layer(f"{path.name}/{name}", plane, name, units=units) for name, plane in planes.items()
    ]
    image = _electron_image(path, file["1"], shape, problems)
    if image is not None:
        layers.append(image)
    facts = _facts(header, data, file) | {"quantity": kind}
    return Contents("Oxford h5oina", tuple(layers), facts, problems=tuple(problems))


def _shape(path: Path, header: h5py.Group) -> tuple[int, int]:
    width, height = hdf5.number(header, "X Cells"), hdf5.number(header, "Y Cells")
    if width is None or height is None:
        raise refusal(path.name, "X Cells or Y Cells is missing in its header.", "Export it again.")
    shape = (int(height), int(width))
    check_map_size(path.name, shape)
    return shape


def _maps(path: Path, data: h5py.Group) -> tuple[str, Units, dict[str, h5py.Dataset]]:
    for kind, units in _KINDS:
        group = data.get(kind)
        if isinstance(group, h5py.Group) and len(group):
            maps = {n: d for n, d in group.items() if isinstance(d, h5py.Dataset)}
            if len(maps) > MAX_CHANNELS:
                raise refusal(path.name, f"More than {MAX_CHANNELS} maps.", "Export fewer.")
            return kind, units, maps
    raise refusal(
        path.name,
        "It holds spectra but no element maps (Window Integral, Peak Area or Composition).",
        "Choose elements in AZtec and export the map again.",
    )


def _plane(path: Path, dataset: h5py.Dataset, shape: tuple[int, int]) -> NDArray[np.float32]:
    if dataset.size != shape[0] * shape[1]:
        raise refusal(
            f"{path.name}{dataset.name}",
            f"It holds {dataset.size:,} values; its header says {shape[0]} × {shape[1]} pixels.",
            "Export it again.",
        )
    return hdf5.array(dataset, f"{path.name}{dataset.name}").reshape(shape)


def _restored_counts(
    path: Path,
    data: h5py.Group,
    shape: tuple[int, int],
    rates: dict[str, NDArray[np.float32]],
) -> tuple[dict[str, NDArray[np.float32]], Units]:
    """Rates × live time where that gives whole numbers; the rates as they are where not."""
    live = data.get("Live Time")
    if not isinstance(live, h5py.Dataset) or live.size != shape[0] * shape[1]:
        return rates, "intensity"
    seconds = _plane(path, live, shape)
    counts = {name: rate * seconds for name, rate in rates.items()}
    for plane in counts.values():
        known = plane[np.isfinite(plane)]
        off = np.abs(known - np.rint(known))
        if known.size and np.quantile(off, 0.99) > _WHOLE:
            return rates, "intensity"
    return {name: np.rint(plane) for name, plane in counts.items()}, "counts"


def _electron_image(
    path: Path, acquisition: h5py.Group, shape: tuple[int, int], problems: list[Problem]
) -> Layer | None:
    """The first backscatter image (else secondary) of the same field and grid."""
    group = acquisition.get("Electron Image")
    data = group.get("Data") if isinstance(group, h5py.Group) else None
    if not isinstance(data, h5py.Group):
        return None
    for kind in ("BSE", "SE"):
        for name, image in (data.get(kind) or {}).items():
            source = f"{path.name}/{kind}/{name}"
            if image.size == shape[0] * shape[1]:
                plane = hdf5.array(image, source).reshape(shape)
                return Layer(source, plane, kind, is_electron_image=True)
            problems.append(
                Problem(
                    "note",
                    source,
                    f"The electron image has {image.size:,} pixels, the maps "
                    f"{shape[0] * shape[1]:,}: it is left out.",
                    "To use it, export it as a TIFF of exactly the mapped field, with the same "
                    "whole number (1 to 8) of pixels along each pixel of the maps.",
                )
            )
    return None


def _facts(header: h5py.Group, data: h5py.Group, file: h5py.File) -> dict[str, Any]:
    """Step in µm, beam in kV, and the dwell: real time of a pixel over all frames."""
    facts: dict[str, Any] = {
        "pixel_size_um": hdf5.number(header, "X Step") or None,
        "beam_kv": hdf5.number(header, "Beam Voltage"),
        "frames": hdf5.number(header, "Number Frames"),
        "acquired": hdf5.words(header, "Acquisition Date"),
        "software": hdf5.words(file, "Software Version"),
        "format_version": hdf5.words(file, "Format Version"),
    }
    for time in ("Real Time", "Live Time"):
        if isinstance(data.get(time), h5py.Dataset):
            seconds = hdf5.array(data[time], time)
            facts["dwell_ms"] = round(float(np.nanmedian(seconds)) * 1000, 4) or None
            break
    return {key: value for key, value in facts.items() if value is not None}


def _rates_only(path: Path) -> Problem:
    return Problem(
        "warning",
        path.name,
        "Counts could not be restored from the rates and live times, so the maps are rates.",
        "Export the window integrals without processing, with the live time of each pixel.",
    )


def _one_detector(path: Path) -> Problem:
    return Problem(
        "note",
        path.name,
        "It holds several EDS detectors; the first one (EDS1) is read.",
        "Upload the sum of the detectors if you have it.",
    )
