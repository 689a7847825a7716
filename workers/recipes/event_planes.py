"""Events of a plane laid on the grid networks see, and their answers laid back on its cells."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workers.events import Cells, Events, Float, Geometry
from workers.recipes.calorimeter import FACTORS, LAYERS
from workers.run import RunError

OFF = 0.02  # of a cell's side: tables are rounded
Index = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Plane:
    """Where cells lie on a square grid, each layer upon the last.

    `coarse` and `fine` are places in flat arrays `(layers, rows, rows)` and `(layers, R, R)`, R
    being rows · factor; `middle` is the centre of the grid (x, y), mm, `pitch_mm` the side of a
    fine cell.
    """

    factor: int
    rows: int
    pitch_mm: float
    middle: tuple[float, float]
    coarse: Index
    fine: Index

    @classmethod
    def of(cls, geometry: Geometry) -> "Plane":
        """Raises RunError for cells that lie on no such grid."""
        coarse, fine = geometry.coarse, geometry.fine
        side = float(np.median(coarse.width))
        factor = round(side / float(np.median(fine.width)))
        corner = [float(axis.min()) - side / 2 for axis in (coarse.x, coarse.y)]
        of_coarse = _on_grid(coarse, corner, side)
        of_fine = _on_grid(fine, corner, side / max(factor, 1))
        if factor not in FACTORS or not np.array_equal(
            of_fine[:, 1:] // factor, of_coarse[geometry.parent, 1:]
        ):
            raise RunError(
                "Finer cells are no even division of the cells they are parts of, 2 or 4 along a "
                "side: the networks know no other. Leave them out of the table, and have the cells "
                "divided on the page of the measurement."
            )
        rows = int(of_coarse[:, 1:].max()) + 1
        return cls(
            factor=factor,
            rows=rows,
            pitch_mm=side / factor,
            middle=(corner[0] + rows * side / 2, corner[1] + rows * side / 2),
            coarse=_flat(of_coarse, rows),
            fine=_flat(of_fine, rows * factor),
        )

    def energies(self, events: Events, chosen: slice) -> tuple[Float, NDArray[np.bool_]]:
        """MeV `(b, layers, rows, rows)`, 0 where suppressed, and which cells were kept."""
        first, last = events.offsets[chosen.start], events.offsets[chosen.stop]
        rows = np.repeat(
            np.arange(chosen.stop - chosen.start),
            np.diff(events.offsets[chosen.start : chosen.stop + 1]),
        )
        shape = (chosen.stop - chosen.start, LAYERS, self.rows, self.rows)
        energies, kept = np.zeros(shape, np.float32), np.zeros(shape, np.bool_)
        at = rows, self.coarse[events.cell[first:last]]
        energies.reshape(shape[0], -1)[at] = events.energy[first:last]
        kept.reshape(shape[0], -1)[at] = True
        return energies, kept

    def maps(self, cells: Float) -> Float:
        """Undoes `cells`: of `(…, fine)` the maps `(…, layers, R, R)`."""
        side = self.rows * self.factor
        flat = np.zeros((*cells.shape[:-1], LAYERS * side**2), np.float32)
        flat[..., self.fine] = cells
        return flat.reshape(*cells.shape[:-1], LAYERS, side, side)

    def cells(self, fine: Float) -> Float:
        """Of maps `(…, layers, R, R)` the fine cells of the geometry, `(…, fine)`."""
        found: Float = fine.reshape(*fine.shape[:-3], -1)[..., self.fine]
        return found


def _on_grid(cells: Cells, corner: list[float], side: float) -> Index:
    """Layer, row and column of each cell, `(n, 3)`; RunError where it lies beside the grid."""
    row, column = (cells.y - corner[1]) / side - 0.5, (cells.x - corner[0]) / side - 0.5
    found = np.column_stack([cells.layer, np.rint(row), np.rint(column)]).astype(np.int64)
    off = np.abs(np.column_stack([row, column]) - found[:, 1:]).max()
    odd = max(np.abs(each - side).max() for each in (cells.width, cells.height)) / side
    if off > OFF or odd > OFF:
        raise RunError(
            "The cells are not squares of one size on one grid in all layers; the networks know "
            "no other calorimeter."
        )
    return found


def _flat(places: Index, rows: int) -> Index:
    found: Index = np.ravel_multi_index(tuple(places.T), (LAYERS, rows, rows)).astype(np.int64)
    return found
