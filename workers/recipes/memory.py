"""What recipes need at their peak, in bytes, told from the size of what was measured alone.

Fitted to `tests/benchmarks/memory.py`. Networks see a tile at a time, so what they take does not
grow beyond one tile of all elements; pictures, and what is kept of the networks, grow with the map.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from workers.posteriors.tiles import TILE
from workers.recipes.parameters import Values

START = 440e6  # a worker's process with torch and the weights, before it reads anything
HALO = 33  # cells on each side of a tile; as `workers.networks.cellnet`, which imports torch
MEASURED = 24  # bytes of a measured pixel of an element: as read, without holes, as asked
CHECKED = 384  # fine pixels along the part that is predicted again, as `recipes.checking`


@dataclass(frozen=True)
class MapMemory:
    """Bytes that a recipe of maps takes beside `START`, for every element."""

    pixel: float  # a fine pixel of the map, all the time
    cell: float  # a cell of the map, all the time: what is kept of the features of a network
    network: float  # a cell of the largest tile, while networks look at it
    pictures: float  # a fine pixel, while pictures are made of what is kept
    checked: float  # a fine pixel of the part that is predicted again, beside the pictures

    def __call__(self, parameters: Values, summary: Values) -> float:
        """Bytes at the peak of a run with cleaned parameters, as `Recipe.memory`."""
        fine = [parameters["factor"] * side for side in summary["shape"]]
        cells = [side / max(parameters["factor"], 2) for side in fine]
        tile = area([min(side, TILE + 2 * HALO) for side in cells])
        part = area([min(side, CHECKED) for side in fine])
        kept = self.pixel * area(fine) + self.cell * area(cells)
        later = self.pictures * area(fine) + self.checked * part
        return START + len(summary["channels"]) * (kept + max(self.network * tile, later))

    def tile(self, parameters: Values, summary: Values) -> float:
        """Bytes at the peak of working one tile, as `Recipe.tile_memory`: the measured map, and the
        networks beside what is kept of their features around the tile.
        """
        fine = [parameters["factor"] * side for side in summary["shape"]]
        cells = [side / max(parameters["factor"], 2) for side in fine]
        tile = area([min(side, TILE + 2 * HALO) for side in cells])
        each = MEASURED * area(summary["shape"]) + (self.network + self.cell) * tile
        return START + len(summary["channels"]) * each


def area(sides: Sequence[float]) -> float:
    return sides[0] * sides[1]
