"""Scoring predictions on counts, which are themselves draws."""

import numpy as np
import pytest
from scipy import stats

from workers.assessment.counting import outerness, randomised_pit, split_counts
from workers.assessment.scores import level_error


def test_the_halves_of_a_map_add_up_and_know_nothing_of_each_other():
    rng = np.random.default_rng(0)
    counts = rng.poisson(7.0, 200_000)
    first, second = split_counts(counts, rng)
    assert np.array_equal(first + second, counts)
    assert first.mean() == pytest.approx(3.5, abs=0.02)
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.01


@pytest.mark.parametrize("level", [0.1, 2.0, 300.0])
def test_the_pit_of_a_right_predictive_is_uniform_however_few_the_counts(level):
    rng = np.random.default_rng(1)
    mean, std = np.full(20_000, level), np.full(20_000, 0.3 * level)
    rate = rng.gamma((mean / std) ** 2, std**2 / mean)
    pit = randomised_pit(rng.poisson(rate), mean, std, rng)
    assert stats.kstest(pit, "uniform").pvalue > 0.01
    assert level_error(outerness(pit)) < 0.01


def test_a_rate_known_for_sure_leaves_the_noise_of_counting():
    rng = np.random.default_rng(2)
    mean = np.full(20_000, 4.0)
    pit = randomised_pit(rng.poisson(mean), mean, np.zeros(20_000), rng)
    assert stats.kstest(pit, "uniform").pvalue > 0.01
    nothing = randomised_pit(np.zeros(9, int), np.zeros(9), np.zeros(9), rng)
    assert ((nothing >= 0) & (nothing <= 1)).all()


def test_a_spread_too_small_puts_counts_outside():
    rng = np.random.default_rng(3)
    rate = rng.gamma(4, 25, 20_000)  # 100 ± 50
    narrow = randomised_pit(rng.poisson(rate), np.full(20_000, 100.0), np.full(20_000, 10.0), rng)
    assert (outerness(narrow) > 0.9).mean() > 0.4
