"""A large map piece by piece, each computed with a halo as wide as the networks can see."""

from collections.abc import Iterator
from dataclasses import dataclass

TILE = 256  # cells along the side of a tile; with its halo it takes about 2 GB for ten elements

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


def _axis(start: int, size: int, side: int, halo: int) -> tuple[slice, slice, slice]:
    end = min(start + side, size)
    first = max(start - halo, 0)
    return (
        slice(first, min(end + halo, size)),
        slice(start - first, end - first),
        slice(start, end),
    )
