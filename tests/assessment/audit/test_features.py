"""Features that a run shows, looked for in windows where the truth was measured."""

import numpy as np
import pytest
import torch

from workers.assessment.audit.features import Judged, judge_features
from workers.assessment.features import find_features

SIDE = 240
WINDOW = 60


def grains(seed=0):
    """A map with real grains, one more with invented ones, and where those are: `(1, H, W)`."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:SIDE, :SIDE]
    real, invented = np.full((2, SIDE, SIDE), 30.0)
    places = []
    centres = np.argwhere(np.ones((15, 15))) * 16 + 8 + rng.integers(-2, 3, (225, 2))
    for k, (row, column) in enumerate(centres):
        blob = 60 * np.exp(-((y - row) ** 2 + (x - column) ** 2) / (2 * 1.5**2))
        invented += blob
        if k % 3:
            real += blob
        places.append((row, column, k % 3 == 0))
    return real[None], invented[None], places


def looked_at(truth, estimate, dwell, place=(60, 120), seed=1):
    features = find_features(torch.from_numpy(estimate), torch.tensor([5.0]))
    rows, columns = (slice(first, first + WINDOW) for first in place)
    counts = np.random.default_rng(seed).poisson(dwell * truth[:, rows, columns])

    def picture(name, row, column, height, width):
        assert name == "estimate"
        at = np.ix_(
            np.arange(row, row + height).clip(0, SIDE - 1),
            np.arange(column, column + width).clip(0, SIDE - 1),
        )
        return estimate[:, at[0], at[1]].copy()

    noise = np.sqrt(truth.mean((1, 2)) / dwell)
    usable = np.ones((WINDOW, WINDOW), bool)
    risk = np.full(len(features), 0.25)
    return judge_features(features, risk, picture, place, counts / dwell, usable, noise)


def test_invented_grains_are_absent_and_real_ones_are_not():
    real, invented, places = grains()
    found = looked_at(real, invented, dwell=20.0)
    inside = [gone for y, x, gone in places if 64 <= y < 116 and 124 <= x < 176]
    assert len(found.risk) == pytest.approx(len(inside), abs=2)
    assert found.absent.sum() == pytest.approx(sum(inside), abs=1)
    assert looked_at(invented, invented, dwell=20.0).absent.sum() == 0
    assert found.area == WINDOW**2


def test_every_judged_feature_is_told_with_its_place():
    real, invented, places = grains()
    found = looked_at(real, invented, dwell=20.0)
    assert found.places.shape == (len(found.risk), 3)
    gone = np.array([(y, x) for y, x, is_gone in places if is_gone])
    for (_, y, x), absent in zip(found.places, found.absent, strict=True):
        assert absent == (np.abs(gone - (y, x)).max(1).min() <= 2)


def test_a_rescan_that_is_too_short_decides_nothing():
    real, invented, _ = grains()
    assert len(looked_at(real, invented, dwell=0.02).risk) == 0
    few, many = (looked_at(real, invented, dwell=d) for d in (1.0, 20.0))
    assert len(few.risk) <= len(many.risk)


def test_noise_neither_makes_nor_hides_what_is_judged():
    real, invented, _ = grains()
    honest = [looked_at(invented, invented, dwell=2.0, seed=seed) for seed in range(10)]
    lacking = [looked_at(real, invented, dwell=2.0, seed=seed) for seed in range(10)]
    assert Judged.of(honest).absent.mean() < 0.02
    assert Judged.of(lacking).absent.mean() == pytest.approx(1 / 3, abs=0.12)
    assert Judged.of(lacking).area == 10 * WINDOW**2


def test_windows_at_the_corner_of_the_map_are_judged_too():
    real, invented, _ = grains()
    assert len(looked_at(real, invented, dwell=20.0, place=(0, SIDE - WINDOW)).risk) > 3
    assert len(looked_at(real, invented, dwell=20.0, place=(SIDE - WINDOW, 0)).risk) > 3
