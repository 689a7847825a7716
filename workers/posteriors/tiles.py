"""A large map piece by piece, each computed with a halo as wide as the networks can see."""

import os
from collections.abc import Iterator
from dataclasses import dataclass

# Cells along the side of a tile; 256 with their halo take about 2 GB for ten elements.
TILE = int(os.environ.get("FIDUCIAL_TILE_CELLS", "256"))

Window = tuple[slice, slice]


@dataclass(frozen=True)
class Tile:
    """Where a tile is read from, which part of what was read counts, and where that part goes."""

    outer: Window  # in the map, halo included
    inner: Window  # in the outer window
    place: Window  # in the map


def tiles(height: int, width: int, side: int, halo: int) -> Iterator[Tile]:
    """Every tile of a grid of `height × width` cells, row by row."""
    for top in range(0, height, side):
        for left in range(0, width, side):
            rows, columns = _axis(top, height, side, halo), _axis(left, width, side, halo)
            outer, inner, place = zip(rows, columns, strict=True)
            yield Tile(outer, inner, place)


def overlap(one: Window, other: Window) -> Window | None:
    """What two windows share; None where that is nothing."""
    pairs = list(zip(one, other, strict=True))
    rows, columns = (slice(max(a.start, b.start), min(a.stop, b.stop)) for a, b in pairs)
    return (rows, columns) if rows.start < rows.stop and columns.start < columns.stop else None


def seen_from(window: Window, origin: Window) -> Window:
    """`window` counted from the first cell of `origin`."""
    rows, columns = (
        slice(w.start - o.start, w.stop - o.start) for w, o in zip(window, origin, strict=True)
    )
    return rows, columns


def count(height: int, width: int, side: int = TILE) -> int:
    """How many tiles a grid of `height × width` cells is cut into."""
    return -(-height // side) * -(-width // side)


def _axis(start: int, size: int, side: int, halo: int) -> tuple[slice, slice, slice]:
    end = min(start + side, size)
    first = max(start - halo, 0)
    return (
        slice(first, min(end + halo, size)),
        slice(start - first, end - first),
        slice(start, end),
    )
