"""Topological clustering: cells are kept where they stand out, with what surrounds them.

A cell above `seed` σ starts a cluster, which grows through neighbours above `grow` σ and takes in
the neighbours of those that are above `edge` σ (Lampl et al., ATL-LARG-PUB-2008-002). Noise is
signed: a cell far below zero starts nothing.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from workers.events import Float, Geometry
from workers.physics.calorimeter.geometry import neighbours

Kept = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Clustering:
    """The rule of one geometry: `sigma` `(cells,)` MeV, `touching` `(cells, cells)`."""

    sigma: Float
    touching: sparse.csr_array
    seed: float = 4.6
    grow: float = 2.0
    edge: float = 0.0

    @classmethod
    def of(cls, geometry: Geometry) -> "Clustering":
        return cls(geometry.sigma, neighbours(geometry.coarse, geometry.frame))

    def kept(self, energies: Float) -> Kept:
        """Which cells of events `(n, cells)` MeV are in a cluster."""
        heights = energies / self.sigma
        core = self._core(heights)
        return core | ((heights > self.edge) & self._beside(core))

    def limits(self, energies: Float, kept: Kept) -> Float:
        """What is known of suppressed cells: no more than this was measured, `(n, cells)` MeV.

        Only what was kept of `energies` is looked at. Beside the core of a cluster a cell above
        `edge` would have been kept, anywhere else one above `seed`. Infinite for kept cells.
        """
        heights = np.where(kept, energies / self.sigma, -np.inf)
        beside = self._beside(self._core(heights))
        limits = self.sigma * np.where(beside, self.edge, self.seed)
        return np.where(kept, np.inf, limits).astype(np.float32)

    def _core(self, heights: Float) -> Kept:
        core, ready = heights > self.seed, heights > self.grow
        size = -1
        while size != (size := int(core.sum())):
            core = core | (ready & self._beside(core))
        return core

    def _beside(self, cells: Kept) -> Kept:
        found: Kept = (self.touching @ cells.T.astype(np.float32)).T > 0
        return found
