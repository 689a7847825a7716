"""One picture on disk: an OME-Zarr 0.5 multiscale group of block means."""

import math
from typing import Any

import numpy as np
import zarr
from numpy.typing import NDArray
from zarr.codecs import BloscCodec

CHUNK = 256  # one tile of the viewer
SHARD = 1024  # one file: 42 MB for ten channels, so that writing stays small in memory
OME_VERSION = "0.5"


def write_image(
    root: zarr.Group,
    name: str,
    values: NDArray[Any],
    *,
    step: float,
    pixel_um: float | None,
) -> None:
    """Write `values` (c, y, x) or (y, x) as the multiscale group `name`, down to ≤ 256 px.

    Booleans become uint8 (0, 1), everything else float32. `step` is the size of its pixel in
    pixels of the finest picture beside it; `pixel_um` the size of that finest pixel in micrometres.
    """
    if values.ndim not in (2, 3) or not values.size:
        raise ValueError(f"a picture has (y, x) or (c, y, x) and is not empty: {values.shape}")
    boolean = values.dtype == np.bool_
    level = values.astype(np.uint8 if boolean else np.float32)
    pyramid = [level]
    while max(level.shape[-2:]) > CHUNK:
        mean = _halve(level.astype(np.float32))
        # A coarse pixel counts as measured when at least half of it was.
        level = (mean >= 0.5).astype(np.uint8) if boolean else mean
        pyramid.append(level)
    steps = [step * 2**k for k in range(len(pyramid))]
    group = root.create_group(name)
    group.attrs["ome"] = _multiscales(name, values.ndim, steps, pixel_um)
    for k, level in enumerate(pyramid):
        _write_level(group, str(k), level)


def _halve(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Means of 2×2 blocks; at an odd edge the mean of the pixels that are there."""
    height, width = values.shape[-2:]
    # Repeating the last row makes a partial block's mean the mean of its own pixels.
    odd = [(0, 0)] * (values.ndim - 2) + [(0, height % 2), (0, width % 2)]
    even = np.pad(values, odd, mode="edge")
    blocks = even.reshape(*even.shape[:-2], even.shape[-2] // 2, 2, even.shape[-1] // 2, 2)
    return np.asarray(blocks.mean(axis=(-3, -1)), dtype=np.float32)


def _write_level(group: zarr.Group, name: str, values: NDArray[Any]) -> None:
    chunk = tuple(min(CHUNK, size) for size in values.shape[-2:])
    shard = tuple(
        edge * min(SHARD // edge, math.ceil(size / edge))
        for edge, size in zip(chunk, values.shape[-2:], strict=True)
    )
    lead = values.shape[:-2]
    group.create_array(
        name,
        data=values,
        chunks=(1,) * len(lead) + chunk,
        shards=lead + shard,
        compressors=BloscCodec(cname="zstd", clevel=3, shuffle="shuffle"),
        dimension_names=("c", "y", "x")[-values.ndim :],
    )


def _multiscales(
    name: str, ndim: int, steps: list[float], pixel_um: float | None
) -> dict[str, Any]:
    """The `ome` attribute: axes, and for each level its pixel size and first pixel's centre."""
    unit = {"unit": "micrometer"} if pixel_um else {}
    axes: list[dict[str, str]] = [{"name": "c", "type": "channel"}] if ndim == 3 else []
    axes += [{"name": axis, "type": "space", **unit} for axis in "yx"]
    lead_scale, lead_shift = ([1.0], [0.0]) if ndim == 3 else ([], [])
    pixel = pixel_um or 1.0
    datasets = [
        {
            "path": str(k),
            "coordinateTransformations": [
                {"type": "scale", "scale": lead_scale + [pixel * step] * 2},
                {"type": "translation", "translation": lead_shift + [pixel * (step - 1) / 2] * 2},
            ],
        }
        for k, step in enumerate(steps)
    ]
    scales = {"name": name, "axes": axes, "datasets": datasets, "type": "mean"}
    return {"version": OME_VERSION, "multiscales": [scales]}
