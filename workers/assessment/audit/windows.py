"""Where audit windows lie: drawn at random, before anybody has seen a result.

The map is cut into square tiles of whole measured pixels from a random origin, and windows are a
simple random sample of the tiles that were measured throughout. So every tile is equally likely,
windows never overlap, and shares counted on them are unbiased for all tiles (sampling from a finite
population, Cochran 1977, chapter 2). Their order is random too: the first windows of a list that
was not finished are a random sample as well.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]

SHARE = 0.03  # of the measured area
LEAST, MOST = 16, 32  # windows: fewer judge poorly, more cost stage moves
SMALLEST = 4  # measured pixels a side: enough to be found again by correlation
SMALLEST_FINE = 8  # of a map that is as fine as its rescan: the smallest map that can be read
WANTED = 24  # measured pixels a side from which more windows serve better than larger ones
LARGEST_SHARE = 0.1  # of the area; beyond, rescan the whole map


class TooSmall(ValueError):
    """The map is too small for windows; the message is a sentence for a person."""


@dataclass(frozen=True)
class Window:
    """A square of `size` × `size` measured pixels whose first is at `row`, `column`."""

    row: int
    column: int
    size: int

    def part(self, factor: int = 1) -> tuple[slice, slice]:
        """Where it lies on a grid `factor` times as fine."""
        first, side = (self.row * factor, self.column * factor), self.size * factor
        return slice(first[0], first[0] + side), slice(first[1], first[1] + side)


def draw(mask: Mask, seed: int, *, fine: bool = False) -> tuple[Window, ...]:
    """Random windows of a map, `mask` (h, w) True where measured; the same for the same seed.

    `fine`: the map is as fine as its rescan will be, so that a measured pixel is a pixel of it.

    About 3 % of the measured area in 16 to 32 windows of one size, none of them overlapping.
    Raises TooSmall for a map of which that would be more than a tenth.
    """
    count, size = _plan(int(mask.sum()), SMALLEST_FINE if fine else SMALLEST)
    rng = np.random.default_rng(seed)
    tiles = _tiles(mask, size, rng.integers(0, size, 2))
    if len(tiles) * LARGEST_SHARE < count:
        raise TooSmall(
            f"This map is too small for audit windows: {count} windows of {size} × {size} pixels "
            "would be more than a tenth of what was measured. Rescan all of it instead."
        )
    chosen = rng.choice(len(tiles), count, replace=False)
    return tuple(Window(int(row), int(column), size) for row, column in tiles[chosen])


def _plan(area: int, smallest: int) -> tuple[int, int]:
    """How many windows, and how many measured pixels a side each."""
    size = math.isqrt(int(SHARE * area / LEAST))
    if size > WANTED:
        size = max(WANTED, math.isqrt(int(SHARE * area / MOST)))
    size = max(smallest, size)
    return int(np.clip(round(SHARE * area / size**2), LEAST, MOST)), size


def _tiles(mask: Mask, size: int, origin: NDArray[np.int64]) -> NDArray[np.int64]:
    """First pixels `(n, 2)` of the tiles from `origin` on that were measured throughout."""
    kept = mask[origin[0] :, origin[1] :]
    rows, columns = (side // size for side in kept.shape)
    whole = kept[: rows * size, : columns * size].reshape(rows, size, columns, size).all((1, 3))
    return np.argwhere(whole) * size + origin
