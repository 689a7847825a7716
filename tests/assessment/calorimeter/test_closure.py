"""Coarsening once more and recovering: a network that knows beats an even division."""

import numpy as np
import torch

from workers.assessment.calorimeter.closure import closure
from workers.posteriors.calorimeter.model import Estimate
from workers.training.registry import load_showers
from workers.training.shower_scenes import Generated, measured, scenes


def test_the_shipped_network_recovers_more_than_an_even_division():
    rng = np.random.default_rng(5)
    energies, kept = measured(scenes(Generated(), 16, rng).fine, 2, rng)
    found = closure(load_showers(4), energies, kept)
    assert found.events == 16
    assert found.rel_rmse < 0.8 * found.even_rel_rmse


def test_a_model_that_divides_evenly_closes_as_an_even_division():
    class Even:
        def estimate(self, energies: torch.Tensor, kept: torch.Tensor) -> Estimate:
            fine = energies.repeat_interleave(4, -1).repeat_interleave(4, -2) / 16
            return Estimate(fine, torch.ones(len(energies), 5) / 5)

    rng = np.random.default_rng(6)
    kept = rng.uniform(size=(4, 3, 8, 8)) < 0.5
    energies = rng.exponential(100, kept.shape).astype(np.float32)
    found = closure(Even(), energies, kept)  # type: ignore[arg-type]
    assert np.isclose(found.rel_rmse, found.even_rel_rmse, rtol=1e-5)
