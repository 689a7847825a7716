"""What the neighbours of a unit say of it: how far they are, and whether it stands in their middle.

In a lattice the first is its strain and the second its polarisation, in pixels.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import spatial

from workers.assessment.units.finding import Found

Array = NDArray[np.float64]

SHELL = 1.2  # times the usual distance of the nearest: neighbours of the first shell
MOST = 6
LEAST = 3  # neighbours on enough sides to have a middle


def around(found: Found) -> dict[str, Array]:
    """Of each unit (n,), pixels: `spacing`, the mean distance of its first shell in its frame, and
    `off_x`, `off_y`, how far it lies from their middle. NaN with fewer than three neighbours.
    """
    spacing, off = np.full(len(found.frame), np.nan), np.full((len(found.frame), 2), np.nan)
    for frame in np.unique(found.frame):
        mine = np.flatnonzero(found.frame == frame)
        if len(mine) <= LEAST:
            continue
        place = found.place[mine]
        apart, which = spatial.KDTree(place).query(place, k=min(MOST + 1, len(mine)))
        shell = apart[:, 1:] <= SHELL * np.median(apart[:, 1])
        count = shell.sum(axis=1)
        enough = count >= LEAST
        weight = shell / count.clip(1)[:, None]
        middle = (weight[:, :, None] * place[which[:, 1:]]).sum(axis=1)
        spacing[mine[enough]] = (weight * apart[:, 1:]).sum(axis=1)[enough]
        off[mine[enough]] = (place - middle)[enough]
    return {"spacing": spacing, "off_x": off[:, 0], "off_y": off[:, 1]}
