"""Simulated showers are truth: here they are measured as a coarser, noisy calorimeter would."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from workers.events import Cells, Events, Float, Frame, Geometry, events_of
from workers.measurement import Problem
from workers.readers.calorimeter.dividing import joined
from workers.readers.problems import refusal

SIGMA_MEV = 20.0  # noise of a coarse cell where nobody states one


def measured(
    name: str,
    truth: Float,
    fine: Cells,
    group: NDArray[np.int64],
    told: Mapping[str, Any],
    frame: Frame = "plane",
) -> Events:
    """Fine energies `(n, fine)` MeV summed in `group` `(fine,)`, with noise and clustering.

    The noise is drawn from a seed of its own, so the same file gives the same events.
    """
    sigma = told.get("sigma_mev") or SIGMA_MEV
    coarse = joined(fine, group)
    noise = np.full(len(coarse), sigma, np.float32)
    geometry = Geometry(coarse, fine, group, noise, frame)
    sums = sparse.csr_array(
        (np.ones_like(noise, shape=group.shape), (np.arange(len(group)), group))
    )
    energies = np.asarray(truth @ sums, np.float32)
    energies += noise * np.random.default_rng(0).standard_normal(energies.shape, np.float32)
    # Here, because most uploads are no events and need no PyTorch to be read.
    from workers.physics.calorimeter import Clustering

    kept = Clustering.of(geometry).kept(energies)
    if not kept.any():
        raise refusal(
            name,
            f"No cell of any event stands out of a noise of {sigma:g} MeV.",
            "If the energies are not in MeV, or the calorimeter is finer, state its noise.",
        )
    note = Problem(
        "note",
        name,
        f"These are simulated showers without noise. Their {len(fine):,} cells were summed into "
        f"{len(coarse):,}, a noise of {sigma:g} MeV was added, and clusters were kept.",
        "Nothing, or state the noise of your calorimeter.",
    )
    return events_of(energies, kept, geometry, truth).noting(note)
