"""Tables of cells: a planar calorimeter, and which cells of any table touch each other."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.spatial import cKDTree

from workers.events import Cells, Frame, Geometry

LAYERS = 3
ROWS = 32  # fine cells along a side of the planar calorimeter
PITCH_MM = 36.0  # of a fine cell: 0.0245 rad at 1.5 m
SIGMA_MEV = (13.0, 34.0, 41.0)  # noise of a coarse cell in each layer
TOUCH = 1e-3  # of a cell's side: tables are rounded


def planar(
    factor: int,
    rows: int = ROWS,
    pitch_mm: float = PITCH_MM,
    sigma_mev: tuple[float, ...] = SIGMA_MEV,
) -> Geometry:
    """A square calorimeter whose coarse cells are factor × factor fine ones, layer upon layer.

    Cells are in the order of arrays `(layers, rows, rows)`, so a picture is a reshape away; `x`
    runs along the last axis. Raises ValueError where the factor does not divide the rows.
    """
    if factor < 1 or rows % factor:
        raise ValueError(f"{rows} rows of cells do not divide by {factor}.")
    layers = len(sigma_mev)
    of_coarse = np.arange(layers * (rows // factor) ** 2).reshape(layers, rows // factor, -1)
    parent = of_coarse.repeat(factor, axis=1).repeat(factor, axis=2).ravel()
    return Geometry(
        coarse=_grid(layers, rows // factor, pitch_mm * factor),
        fine=_grid(layers, rows, pitch_mm),
        parent=parent.astype(np.int64),
        sigma=np.repeat(sigma_mev, (rows // factor) ** 2).astype(np.float32),
    )


def _grid(layers: int, rows: int, pitch: float) -> Cells:
    layer, row, column = (axis.ravel() for axis in np.indices((layers, rows, rows)))
    middle = (np.arange(rows) - (rows - 1) / 2) * pitch
    sides = np.full(layer.shape, pitch, np.float32)
    return Cells(
        layer=layer.astype(np.int32),
        x=middle[column].astype(np.float32),
        y=middle[row].astype(np.float32),
        width=sides,
        height=sides,
    )


def neighbours(cells: Cells, frame: Frame = "plane") -> sparse.csr_array:
    """Which cells touch, as a symmetric matrix `(n, n)` of float32 ones.

    In one layer cells touch that share a side or a corner; of the next layers those that lie over
    each other. Angles go round. A cell is not its own neighbour.
    """
    rows, columns = [], []
    layers = np.unique(cells.layer)
    for position, layer in enumerate(layers):
        for other in layers[position : position + 2]:
            near, far = (np.flatnonzero(cells.layer == which) for which in (layer, other))
            i, j = _pairs(cells, near, far, frame, TOUCH if layer == other else -TOUCH)
            rows += [i, j]
            columns += [j, i]
    i, j = np.concatenate(rows), np.concatenate(columns)
    apart = i != j
    matrix = sparse.coo_array(
        (np.ones(apart.sum(), np.float32), (i[apart], j[apart])), shape=(len(cells),) * 2
    ).tocsr()
    matrix.data[:] = 1  # a pair of one layer was met twice
    return matrix


def _pairs(
    cells: Cells, near: NDArray[Any], far: NDArray[Any], frame: Frame, slack: float
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Cells of `near` and `far` whose boxes meet, stretched by `slack` of their sides."""
    both = np.concatenate([near, far])
    reach = np.array([cells.width[both].max(), cells.height[both].max()], np.float64)
    round_ = 2 * np.pi / reach[1] if frame != "plane" else 0.0
    places = np.column_stack([cells.x, cells.y]).astype(np.float64) / reach
    if round_:
        places[:, 1] %= round_
    box = (0.0, round_)
    trees = [cKDTree(places[which], boxsize=box) for which in (near, far)]
    found = trees[0].sparse_distance_matrix(
        trees[1], 1 + 2 * TOUCH, p=np.inf, output_type="coo_matrix"
    )
    i, j = near[found.row], far[found.col]
    along_x = np.abs(cells.x[i] - cells.x[j])
    along_y = np.abs(cells.y[i] - cells.y[j])
    if round_:
        along_y = np.minimum(along_y, 2 * np.pi - along_y)
    meet_x = along_x < (1 + slack) * (cells.width[i] + cells.width[j]) / 2
    meet_y = along_y < (1 + slack) * (cells.height[i] + cells.height[j]) / 2
    meet = meet_x & meet_y
    return i[meet], j[meet]
