"""What the parts of `make validate` rest on: specimens, plants, ceilings, real halves."""

import numpy as np
import pytest
import torch

from tests.benchmarks.validate import plants, real, scenes, specimens
from tests.benchmarks.validate.risks import with_samples_as_truth
from workers.assessment.features import Features, find_features, present
from workers.assessment.risk import FeatureRisk


def test_specimens_follow_from_their_name_and_share_no_scene():
    one, again = (scenes.specimen(scenes.Name(scenes.TEST, 3)) for _ in range(2))
    other = scenes.specimen(scenes.Name(scenes.CALIBRATION, 3))
    assert np.array_equal(one.y, again.y)
    assert not np.array_equal(one.truth, other.truth)
    assert one.truth.shape == (6, 128, 128)
    assert one.y.shape == (6, 32, 32)


def test_a_rearranged_block_keeps_its_sum_and_nothing_turns_negative():
    rng = np.random.default_rng(0)
    counts = rng.poisson(20, (2, 32, 32))
    pattern = plants.rearranged(counts, rng)
    sums = pattern.reshape(2, 8, 4, 8, 4).sum(axis=(2, 4))
    assert not sums.any()
    assert np.abs(pattern).max() > 20
    assert (counts + pattern >= 0).all()


def test_an_erased_grain_is_gone_and_its_surroundings_stay():
    place = np.arange(64)
    blob = 40 * np.exp(-0.5 * ((place[:, None] - 30) ** 2 + (place[None] - 20) ** 2) / 9)
    truth = (100 + blob)[None].astype(np.float32)
    grain = find_features(torch.from_numpy(truth), torch.tensor([3.0]))
    left = plants.without(truth, grain)
    assert not present(grain, torch.from_numpy(left)).any()
    assert np.array_equal(left[:, :, 50:], truth[:, :, 50:])


def test_a_planted_blob_answers_as_high_as_it_was_asked_to():
    truth = np.full((1, 128, 128), 100, np.float32)
    blob = Features(np.array([0]), np.array([60]), np.array([68]), np.array([2.0]), np.array([9.0]))
    found = find_features(torch.from_numpy(plants._with_blobs(truth, blob)), torch.tensor([2.0]))
    assert (found.y.tolist(), found.x.tolist(), found.scale.tolist()) == ([60], [68], [2.0])
    assert found.amplitude[0] == pytest.approx(9.0, rel=0.01)


def test_a_specimen_gives_its_errors_by_stratum_and_its_features():
    row = specimens.feature_row(scenes.Name(scenes.CALIBRATION, 1))
    assert len(row.z) == len(row.edge) == pytest.approx(6 * 128**2 / 5, abs=1)
    assert row.edge.mean() == pytest.approx(0.1, abs=0.02)
    found = row.features
    assert found.strength.shape == (16, len(found.true))
    risk = FeatureRisk(0.0, (1.0, 0.0, 0.0, 0.0))
    held, absent = with_samples_as_truth(risk, found)
    assert held.shape == absent.shape == (4, len(found.true))


def test_what_a_level_is_worth_is_asked_of_other_specimens_each_weighing_the_same():
    own = np.array([0.5, 0.9])
    others = [np.linspace(0, 1, 101), np.full(7, 0.8)]
    assert real.calibrated(own, others) == pytest.approx([0.25, 0.95], abs=0.01)
