"""Tiles of float32 values: the browser applies the colours, so a page can change them at once."""

import gzip
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workers.store import ImageStore

SIDE = 256
PROBED = 2**13  # bytes of a tile that tell whether it shrinks
WORTHWHILE = 0.7  # of its size, that a packed tile may have


@dataclass(frozen=True)
class Tile:
    """`data`: little-endian float32 by rows, NaN where unmeasured; `shape` (h, w).

    `packed` is the same gzipped, where that makes it worthwhile to wait for.
    """

    data: bytes
    packed: bytes | None
    shape: tuple[int, int]


def cut(store: ImageStore, image: str, channel: int, level: int, row: int, column: int) -> Tile:
    """The tile at (row, column) of one channel and level; StoreError when there is none."""
    y0, x0 = row * SIDE, column * SIDE
    values = store.window(image, channel, y0, x0, SIDE, SIDE, level).astype("<f4")
    if image != "mask":
        values[~measured(store, image, level, y0, x0, values.shape)] = np.nan
    data = values.tobytes()
    return Tile(data, packed(data), values.shape)


def packed(data: bytes) -> bytes | None:
    """`data` gzipped; None for what hardly shrinks, as estimates do, however long one tries."""
    if len(_gzip(data[:PROBED])) > WORTHWHILE * min(PROBED, len(data)):
        return None
    return _gzip(data)


def _gzip(data: bytes) -> bytes:
    # Level 1: counts hardly compress further, and a page waits for many tiles at once.
    return gzip.compress(data, compresslevel=1, mtime=0)


def measured(
    store: ImageStore, image: str, level: int, y0: int, x0: int, shape: tuple[int, int]
) -> NDArray[np.bool_]:
    """Which pixels of a window were measured, bool (h, w), whatever the picture's pixel size."""
    mask = store.image("mask")
    height, width = store.image(image).shape[-2:]
    rows = _on_the_mask(y0, shape[0], level, mask.shape[0], height)
    columns = _on_the_mask(x0, shape[1], level, mask.shape[1], width)
    part = mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return np.asarray(part, np.bool_)[np.ix_(rows - rows[0], columns - columns[0])]


def _on_the_mask(start: int, size: int, level: int, mask: int, whole: int) -> NDArray[np.int_]:
    """The mask's index under the centre of each of `size` pixels from `start` on, on one axis."""
    centres = (start + np.arange(size) + 0.5) * 2**level
    return np.minimum((centres * mask / whole).astype(int), mask - 1)
