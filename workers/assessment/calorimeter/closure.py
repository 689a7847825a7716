"""Closure: measured cells coarsened once more, recovered, and compared with what was measured.

It needs no truth, so it can be done on any event: cells of 2 × 2 fine ones are summed in blocks of
2 × 2, the network of cells of 4 × 4 divides the sums, and its fine cells are summed back.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from workers.assessment.calorimeter import splits
from workers.assessment.calorimeter.map_scores import relative_rmse
from workers.events import Float
from workers.posteriors.calorimeter.model import ShowerModel

BLOCK = 2  # measured cells along the side of a sum


@dataclass(frozen=True)
class Closure:
    """Relative errors of measured cells: recovered, and when each sum is divided evenly."""

    events: int
    rel_rmse: float
    even_rel_rmse: float


def closure(coarser: ShowerModel, energies: Float, kept: NDArray[np.bool_]) -> Closure:
    """Of measured cells `(n, layers, r, r)` MeV, r even; `coarser` knows cells twice as wide.

    Suppressed cells count as 0; a sum is kept where one of its cells was.
    """
    measured = energies * kept
    n, layers, rows, _ = measured.shape
    blocks = (n, layers, rows // BLOCK, BLOCK, rows // BLOCK, BLOCK)
    sums = measured.reshape(blocks).sum(axis=(3, 5))
    seen = kept.reshape(blocks).any(axis=(3, 5))
    mean = coarser.estimate(torch.from_numpy(sums), torch.from_numpy(seen)).mean.numpy()
    factor = mean.shape[-1] // rows
    recovered = mean.reshape(n, layers, rows, factor, rows, factor).sum(axis=(3, 5))
    return Closure(
        events=n,
        rel_rmse=relative_rmse(recovered, measured),
        even_rel_rmse=relative_rmse(splits.uniform(sums, BLOCK), measured),
    )
