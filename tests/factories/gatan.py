"""`.dm3` and `.dm4` files as DigitalMicrograph lays them out, with a thumbnail before the images.

A file is a tree of tags. Integers of the tree are big-endian, 4 bytes wide in version 3 and 8 in
version 4; values are little-endian. Children of a list have no names.
"""

import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

_NUMBERS = {"u2": 4, "u4": 5, "f4": 6, "f8": 7, "i2": 2, "i4": 3, "u1": 10}  # encoded types
_IMAGES = {"i2": 1, "f4": 2, "u1": 6, "i4": 7, "u2": 10, "u4": 11, "f8": 12, "c8": 3}  # DataType


class Array:
    """An array tag, its elements encoded as said, whose declared length may be a lie."""

    def __init__(self, values: np.ndarray, *encoded: int, declared: int | None = None) -> None:
        self.values = values
        self.encoded = encoded or (_NUMBERS[values.dtype.str[1:]],)
        self.declared = values.size if declared is None else declared


def write(path: Path, *images: Mapping[str, Any], version: int = 3) -> Path:
    """One file of several images of `image`."""
    tree = {
        "ImageList": [image(np.zeros((4, 4), np.uint8), "thumbnail"), *images],
        "Thumbnails": [{"ImageIndex": np.uint32(0)}],
    }
    body = _group(tree, version)
    head = struct.pack(">I", version) + _integer(len(body) - 4, version) + struct.pack(">I", 1)
    path.write_bytes(head + body + bytes(8))
    return path


def image(
    values: np.ndarray,
    name: str = "HAADF",
    scale: float = 0.05,
    units: str = "nm",
    format: str = "Image",
) -> dict[str, Any]:
    """The tags of an image (h, w) or a stack (n, h, w)."""
    along = [
        {"Origin": np.float32(0), "Scale": np.float32(step), "Units": _text(unit)}
        for step, unit in [(scale, units), (scale, units), (1.0, "")][: values.ndim]
    ]
    kind = values.dtype.str[1:]
    encoded = (15, 0, 2, 0, 6, 0, 6) if kind == "c8" else ()  # a structure of two floats
    return {
        "ImageData": {
            "Calibrations": {
                "Brightness": {
                    "Origin": np.float32(0),
                    "Scale": np.float32(1),
                    "Units": _text(""),
                },
                "Dimension": along,
            },
            "Data": Array(values, *encoded),
            "DataType": np.uint32(_IMAGES[kind]),
            "Dimensions": [np.uint32(side) for side in values.shape[::-1]],
            "PixelDepth": np.uint32(values.itemsize),
        },
        "ImageTags": {"Meta Data": {"Format": _text(format)}},
        "Name": _text(name),
    }


def colours(values: np.ndarray) -> dict[str, Any]:
    """The tags of an RGB image of `values` (h, w), each pixel a packed integer."""
    tags = image(values.astype(np.uint32), "photo")
    tags["ImageData"]["DataType"] = np.uint32(23)
    return tags


def _text(words: str) -> Array:
    return Array(np.frombuffer(words.encode("utf-16-le"), np.uint16))


def _group(tags: Any, version: int) -> bytes:
    named = tags.items() if isinstance(tags, Mapping) else [("", value) for value in tags]
    body = b"".join(_tag(name, value, version) for name, value in named)
    return b"\x00\x00" + _integer(len(tags), version) + body  # neither sorted nor open


def _tag(name: str, value: Any, version: int) -> bytes:
    is_group = isinstance(value, Mapping | list)
    body = _group(value, version) if is_group else _value(value, version)
    label = name.encode("latin-1")
    size = _integer(len(body), version) if version == 4 else b""
    return struct.pack(">BH", 20 if is_group else 21, len(label)) + label + size + body


def _value(value: Any, version: int) -> bytes:
    if isinstance(value, Array):
        info, data = [20, *value.encoded, value.declared], value.values.tobytes()
    else:
        info, data = [_NUMBERS[value.dtype.str[1:]]], value.tobytes()
    described = b"".join(_integer(each, version) for each in (len(info), *info))
    return b"%%%%" + described + data


def _integer(number: int, version: int) -> bytes:
    return struct.pack(">I" if version == 3 else ">Q", number)
