"""Finer cells where a file names none, and coarser ones where it names only fine ones."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workers.events import Cells
from workers.readers.problems import refusal

FACTORS = (2, 4)  # children along a side of a cell


def factor_of(told: Mapping[str, Any]) -> int:
    """How many finer cells lie along a side of a coarse one (ReadError for any not offered)."""
    factor = told.get("factor", FACTORS[0])
    if factor not in FACTORS:
        raise refusal("factor", f"Cells cannot be divided by {factor}.", "Choose 2 or 4.")
    return int(factor)


def divided(coarse: Cells, factor: int) -> tuple[Cells, NDArray[np.int64]]:
    """Every cell cut into factor × factor equal ones, and the parent of each."""
    parent = np.repeat(np.arange(len(coarse)), factor**2)
    row, column = (
        np.tile(axis.ravel(), len(coarse)) - (factor - 1) / 2
        for axis in np.indices((factor, factor))
    )
    width, height = coarse.width[parent] / factor, coarse.height[parent] / factor
    fine = Cells(
        layer=coarse.layer[parent],
        x=(coarse.x[parent] + column * width).astype(np.float32),
        y=(coarse.y[parent] + row * height).astype(np.float32),
        width=width.astype(np.float32),
        height=height.astype(np.float32),
    )
    return fine, parent


def joined(fine: Cells, group: NDArray[np.int64]) -> Cells:
    """The boxes around groups of cells: `group` `(fine,)` counts from 0, none left out."""
    number = int(group.max()) + 1
    low, high = np.full((2, number), np.inf), np.full((2, number), -np.inf)
    sides = ((fine.x, fine.width), (fine.y, fine.height))
    for axis, (middle, side) in enumerate(sides):
        np.minimum.at(low[axis], group, middle - side / 2)
        np.maximum.at(high[axis], group, middle + side / 2)
    layer = np.zeros(number, np.int32)
    layer[group] = fine.layer
    x, y = ((low + high) / 2).astype(np.float32)
    width, height = (high - low).astype(np.float32)
    return Cells(layer, x, y, width, height)
