"""Calorimeters: cells of any geometry, what they read out, and which of it is kept.

| module       | what it holds                                                              |
|--------------|----------------------------------------------------------------------------|
| `geometry`   | tables of cells, which cells touch                                         |
| `clustering` | topological clustering: which cells are kept, what the others still say    |
| `cell_sum`   | the forward model: a coarse cell is the sum of its fine ones               |
| `noise`      | Gaussian noise of each cell; a suppressed cell is known to lie below a limit |
"""

from workers.physics.calorimeter.cell_sum import CellSum
from workers.physics.calorimeter.clustering import Clustering
from workers.physics.calorimeter.geometry import ROWS, SIGMA_MEV, neighbours, planar
from workers.physics.calorimeter.noise import CellNoise

__all__ = ["ROWS", "SIGMA_MEV", "CellNoise", "CellSum", "Clustering", "neighbours", "planar"]
