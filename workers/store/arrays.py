"""What a scan or a volume is on disk: its arrays beside one picture, `mean`, and its facts.

`frames` `(n, s, s)` in chunks of 64 frames, as they are; `positions`, `index`, `probe` and `mask`
where there are such. The picture `mean` is the mean frame as a person looks at one: with zero
frequency in the middle.
"""

from collections.abc import Mapping
from typing import Any, TypeVar

import numpy as np
import zarr
from numpy.typing import NDArray
from zarr.codecs import BloscCodec

from workers.measurement import Problem
from workers.scan import DiffractionScan
from workers.store import opening
from workers.store.places import Place
from workers.volume import Volume

FRAMES_AT_ONCE = 64  # in one chunk
ARRAYS: Mapping[type, tuple[str, ...]] = {
    DiffractionScan: ("frames", "positions", "index", "probe", "mask"),
    Volume: ("frames", "mask"),
}
FACTS: Mapping[type, tuple[str, ...]] = {
    DiffractionScan: (
        "variance_factor",
        "pixel_nm",
        "propagation",
        "fresnel",
        "energy_ev",
        "distance_m",
        "detector_pixel_um",
        "convention",
        "provenance",
    ),
    Volume: (
        "step_deg",
        "energy_ev",
        "distance_m",
        "detector_pixel_um",
        "convention",
        "provenance",
    ),
}

M = TypeVar("M", DiffractionScan, Volume)


def write_arrays(root: zarr.Group, m: DiffractionScan | Volume) -> list[str]:
    """Write every array of `m` that is there under its own name; returns the names."""
    there = [name for name in ARRAYS[type(m)] if getattr(m, name) is not None]
    for name in there:
        values = getattr(m, name)
        root.create_array(
            name,
            data=values,
            chunks=_chunks(values) if name == "frames" else values.shape,
            compressors=BloscCodec(cname="zstd", clevel=3, shuffle="shuffle"),
        )
    return there


def read_arrays(place: Place, kind: type[M], attributes: Mapping[str, Any]) -> M:
    """The whole scan or volume at `place`, whose `fiducial` attributes these are."""
    parts: dict[str, Any] = {name: attributes[name] for name in FACTS[kind]}
    for name in attributes["arrays"]:
        parts[name] = np.asarray(opening.array(place / name)[:])
    problems = tuple(Problem(**problem) for problem in attributes["problems"])
    return kind(**parts, problems=problems)


def mean_frame(m: DiffractionScan | Volume) -> NDArray[np.float32]:
    """The mean of all frames, zero frequency in the middle, float32 `(s, s)`."""
    mean = m.frames.mean(axis=0, dtype=np.float64)
    if isinstance(m, DiffractionScan):
        mean = np.fft.fftshift(mean)
    return np.asarray(mean, np.float32)


def _chunks(values: NDArray[Any]) -> tuple[int, ...]:
    return (min(FRAMES_AT_ONCE, len(values)), *values.shape[1:])
