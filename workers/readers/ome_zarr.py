"""OME-Zarr folders (Zarr 2 and 3): the full-resolution level of a multiscale image.

Codecs can run programs (numcodecs knows a pickle codec) and 649 bytes can declare 640 GB, so the
metadata of an array is checked before Zarr is asked to decode anything.
"""

import json
import re
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import zarr
from numpy.typing import NDArray

from workers.readers.contents import Contents, Layer
from workers.readers.limits import MAX_CHANNELS, check_array_size, check_map_size
from workers.readers.problems import ReadError, not_a_map, refusal

MAX_METADATA_BYTES = 2**22
_MARKS = ("zarr.json", ".zgroup", ".zarray")
_V3_TYPE = re.compile(r"u?int(8|16|32|64)|float(16|32|64)|bool")
_V2_TYPE = re.compile(r"[<>|][uif][1248]|\|b1")
_CODEC_NAMES = "bytes blosc gzip zstd zlib lz4 bz2 crc32c transpose sharding_indexed shuffle delta"
_CODECS = frozenset(_CODEC_NAMES.split())
_MICROMETRE = {"micrometer": 1.0, "micron": 1.0, "um": 1.0, "µm": 1.0, "nanometer": 1e-3,
               "millimeter": 1e3}  # fmt: skip
_WRITE_AGAIN = "Write the map again as a plain OME-Zarr image with axes c, y, x."


def recognises(path: Path, head: bytes) -> bool:
    """A folder with Zarr metadata."""
    return path.is_dir() and any((path / mark).is_file() for mark in _MARKS)


def read(path: Path) -> Contents:
    """Every channel of the image, or of each image right below the root."""
    _refuse_links(path)
    try:
        images = [(path, "")] if _multiscales(path) else _images_below(path)
        layers: list[Layer] = []
        facts: dict[str, float] = {}
        for folder, name in images:
            found, stated = _image(path, folder, name)
            layers.extend(found)
            facts |= stated
    except ReadError:
        raise
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError) as error:
        raise refusal(
            path.name, f"This Zarr folder is damaged or incomplete: {error}.", "Upload it again."
        ) from error
    if not layers:
        raise not_a_map(path.name, "It holds no OME-Zarr image (no multiscales).", _WRITE_AGAIN)
    return Contents("OME-Zarr", tuple(layers), facts)


def _refuse_links(path: Path) -> None:
    for entry in (path, *path.rglob("*")):
        if entry.is_symlink():
            raise refusal(f"{path.name}/{entry.name}", "It is a link, not a file.", _WRITE_AGAIN)


def _json(file: Path) -> dict[str, Any]:
    if not file.is_file():
        return {}
    if file.stat().st_size > MAX_METADATA_BYTES:
        raise refusal(file.name, "Its metadata is too large.", _WRITE_AGAIN)
    content = json.loads(file.read_bytes())
    if not isinstance(content, dict):
        raise refusal(file.name, "Its metadata is not a JSON object.", _WRITE_AGAIN)
    return content


def _attributes(folder: Path) -> dict[str, Any]:
    v3 = _json(folder / "zarr.json").get("attributes", {})
    attributes = v3 or _json(folder / ".zattrs")
    ome = attributes.get("ome")
    return {**attributes, **ome} if isinstance(ome, dict) else attributes


def _multiscales(folder: Path) -> list[dict[str, Any]]:
    return list(_attributes(folder).get("multiscales") or [])


def _images_below(path: Path) -> list[tuple[Path, str]]:
    folders = sorted(child for child in path.iterdir() if child.is_dir())
    return [(child, child.name) for child in folders if _multiscales(child)]


def _image(root: Path, folder: Path, name: str) -> tuple[list[Layer], dict[str, float]]:
    """The layers of the image in `folder` and its pixel size."""
    image = _multiscales(folder)[0]
    where = f"{root.name}/{name}" if name else root.name
    level = str(image["datasets"][0]["path"])
    inner = PurePosixPath(level)
    if inner.is_absolute() or ".." in inner.parts or "\\" in level:
        raise refusal(where, "The path of its pixels leads outside the folder.", _WRITE_AGAIN)
    values = _array(where, folder / level)
    planes = _planes(where, values, image)
    labels = [
        str(channel.get("label") or "") or None
        for channel in (_attributes(folder).get("omero") or {}).get("channels", [])
    ]
    if len(labels) != len(planes):
        labels = [name or root.name.removesuffix(".zarr")] if len(planes) == 1 else []
        labels = labels or [None] * len(planes)
    layers = [
        Layer(where if len(planes) == 1 else f"{where}#{number}", plane, label)
        for number, (plane, label) in enumerate(zip(planes, labels, strict=True), 1)
    ]
    return layers, _facts(image)


def _array(where: str, folder: Path) -> NDArray[Any]:
    v3, v2 = _json(folder / "zarr.json"), _json(folder / ".zarray")
    plan = v3 or v2
    if not plan:
        raise refusal(where, f"Its pixels ({folder.name}) are missing.", "Upload the whole folder.")
    kind = str(plan.get("data_type", plan.get("dtype")))
    if not (_V3_TYPE if v3 else _V2_TYPE).fullmatch(kind):
        raise refusal(where, f"Its pixels are of the type {kind[:40]}.", _WRITE_AGAIN)
    for codec in _codecs(plan):
        if codec not in _CODECS:
            raise refusal(where, f"Its codec “{codec[:40]}” is not read.", _WRITE_AGAIN)
    if plan.get("storage_transformers"):
        raise refusal(where, "Its storage transformers are not read.", _WRITE_AGAIN)
    check_array_size(where, plan["shape"])
    array = zarr.open_array(str(folder), mode="r", zarr_format=3 if v3 else 2)
    return np.asarray(array[...])


def _codecs(plan: Any) -> list[str]:
    """The names of all codecs that the metadata of an array mentions, nested ones too."""
    if isinstance(plan, list):
        return [name for part in plan for name in _codecs(part)]
    if not isinstance(plan, dict):
        return []
    own = [str(plan[key]) for key in ("name", "id") if key in plan and "shape" not in plan]
    inside = ("codecs", "index_codecs", "configuration", "compressor", "filters")
    return own + [name for key in inside if key in plan for name in _codecs(plan[key])]


def _planes(where: str, values: NDArray[Any], image: dict[str, Any]) -> list[NDArray[np.float32]]:
    axes = [axis["name"] if isinstance(axis, dict) else axis for axis in image.get("axes", [])]
    if values.ndim < 2 or (axes and axes[-2:] != ["y", "x"]):
        raise refusal(where, f"Its axes are {axes}, not (c, y, x).", _WRITE_AGAIN)
    leading = axes[:-2] if axes else ["?"] * (values.ndim - 2)
    sizes = dict(zip(leading, values.shape[:-2], strict=False))
    if any(size > 1 for axis, size in sizes.items() if axis in ("t", "z")):
        raise refusal(where, "It is a movie or a volume, not a map.", _WRITE_AGAIN)
    check_map_size(where, values.shape[-2:])
    planes = values.reshape(-1, *values.shape[-2:])
    if len(planes) > MAX_CHANNELS:
        raise refusal(where, f"It has more than {MAX_CHANNELS} channels.", _WRITE_AGAIN)
    return [plane.astype(np.float32) for plane in planes]


def _facts(image: dict[str, Any]) -> dict[str, float]:
    """The pixel size of the full-resolution level, where x has a unit of length."""
    axes = image.get("axes") or []
    unit = axes[-1].get("unit") if axes and isinstance(axes[-1], dict) else None
    steps = image["datasets"][0].get("coordinateTransformations") or []
    scale = next((step["scale"][-1] for step in steps if step.get("type") == "scale"), None)
    if unit not in _MICROMETRE or not scale:
        return {}
    return {"pixel_size_um": float(scale) * _MICROMETRE[unit]}
