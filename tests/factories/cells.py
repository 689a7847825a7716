"""Tables of cells that fit no grid."""

import numpy as np

from workers.events import Cells, Geometry


def line(count: int, layer: int = 0, width: float = 10.0) -> Cells:
    """`count` cells side by side along x."""
    return Cells(
        layer=np.full(count, layer, np.int32),
        x=((np.arange(count) + 0.5) * width).astype(np.float32),
        y=np.zeros(count, np.float32),
        width=np.full(count, width, np.float32),
        height=np.full(count, width, np.float32),
    )


def irregular(rng: np.random.Generator, coarse: int, sigma_mev: float = 30.0) -> Geometry:
    """A line of cells with one to six children each, whose table is shuffled."""
    parent = rng.permutation(np.repeat(np.arange(coarse), rng.integers(1, 7, coarse)))
    return Geometry(
        coarse=line(coarse),
        fine=line(len(parent), width=10.0 * coarse / len(parent)),
        parent=parent,
        sigma=np.full(coarse, sigma_mev, np.float32),
    )
