"""The networks of calorimeter events that ship: whole, without pickles, and worth their steps."""

import hashlib
import json

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from workers.assessment.calorimeter import splits
from workers.assessment.calorimeter.imagined import Calibration
from workers.assessment.calorimeter.map_scores import children, relative_rmse
from workers.posteriors.calorimeter.model import ShowerModel
from workers.training.cards import CALORIMETER, MODELS, card
from workers.training.registry import load_showers
from workers.training.shower_scenes import Generated, measured, scenes

FACTORS = (2, 4)
EVENTS = 24


@pytest.fixture(scope="module", params=FACTORS)
def model(request) -> ShowerModel:
    return load_showers(request.param)


@pytest.fixture(scope="module")
def fine() -> np.ndarray:
    return scenes(Generated(), EVENTS, np.random.default_rng(1000)).fine


@pytest.mark.parametrize("factor", FACTORS)
def test_weights_are_those_of_the_card_and_small(factor):
    file = MODELS / CALORIMETER / f"cell{factor}.safetensors"
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    assert card(CALORIMETER)["weights"][file.name] == digest
    assert file.stat().st_size < 4e6
    assert all(torch.isfinite(values).all() for values in load_file(file).values())


@pytest.mark.parametrize("factor", FACTORS)
def test_calibration_comes_back_from_the_card_as_it_is(factor):
    kept = card(CALORIMETER)["calibration"][f"x{factor}"]
    found = Calibration.from_card(kept)
    assert json.loads(json.dumps(found.to_card())) == kept
    assert found.least_mev > 0
    assert found.particle > 0
    assert all(width > 0 for width in found.cells)


def test_estimates_are_far_nearer_the_truth_than_a_smooth_division(model, fine):
    factor = model.split.factor
    energies, kept = measured(fine, factor, np.random.default_rng(1))
    truth = fine * children(kept, factor)
    found = model.estimate(torch.from_numpy(energies), torch.from_numpy(kept))
    smooth = relative_rmse(splits.bicubic(energies * kept, factor), truth)
    assert relative_rmse(found.mean.numpy(), truth) < 0.8 * smooth
    torch.testing.assert_close(found.number.sum(dim=1), torch.ones(EVENTS))


def test_samples_keep_the_sums_within_noise_and_come_again_for_a_seed(model, fine):
    factor = model.split.factor
    energies, kept = measured(fine[:8], factor, np.random.default_rng(1))
    given = torch.from_numpy(energies), torch.from_numpy(kept)
    first, again = (
        model.samples(*given, 2, torch.Generator().manual_seed(0)).numpy() for _ in range(2)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first[:, 0], first[:, 1])
    blocks = first.reshape(8, 2, 3, energies.shape[-1], factor, energies.shape[-1], factor)
    sigma = model.split.sigma.numpy()
    off = (blocks.sum(axis=(4, 6)) - energies[:, None]) / sigma
    assert np.abs(off[np.broadcast_to(kept[:, None], off.shape)]).max() < 5
