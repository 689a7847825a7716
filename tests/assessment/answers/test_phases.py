"""Phases, their modes and compositions, on specimens whose phases are known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.assessment.answers import intervals
from workers.assessment.answers.finding import find_phases
from workers.assessment.answers.phases import Phases
from workers.assessment.answers.tally import Tally, compositions, modes

SHARES = np.array([0.5, 0.25, 0.15, 0.1])
CENTRES = np.array([[80.0, 10, 5], [20, 90, 5], [20, 15, 60], [120, 60, 5]])


def rock(spread: float, side: int = 64) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(labels, truth, spread) of four phases in horizontal bands."""
    bands = np.searchsorted(np.cumsum(SHARES), (np.arange(side) + 0.5) / side)
    labels = np.repeat(bands[:, None], side, axis=1)
    truth = CENTRES[labels].transpose(2, 0, 1).astype(np.float32)
    return labels, truth, np.full_like(truth, spread)


def everywhere(truth: np.ndarray) -> np.ndarray:
    return np.ones(truth.shape[1:], bool)


def test_as_many_phases_are_found_as_the_spread_keeps_apart() -> None:
    labels, truth, spread = rock(2.0)
    noisy = truth + np.random.default_rng(0).normal(0, 1, truth.shape)
    phases = find_phases(noisy, spread, everywhere(truth))
    assert len(phases) == 4
    np.testing.assert_allclose(phases.centres, CENTRES, atol=0.5)  # the largest first
    assert (phases.assign(noisy) == labels).all()
    assert len(find_phases(noisy, np.full_like(truth, 60.0), everywhere(truth))) < 4
    assert len(find_phases(np.ones_like(truth), spread, everywhere(truth))) == 1


def test_an_element_of_pure_noise_does_not_make_phases() -> None:
    _, truth, spread = rock(2.0)
    noise = np.random.default_rng(1).poisson(2.0, (1, *truth.shape[1:])).astype(np.float32)
    estimate = np.concatenate([truth, 2 + 0.1 * (noise - 2)])
    with_noise = np.concatenate([spread, np.full_like(noise, 1.4)])
    assert len(find_phases(estimate, with_noise, everywhere(truth))) == 4


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), count=st.integers(1, 6))
def test_modes_sum_to_one_and_compositions_to_the_mean_of_the_map(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    x = rng.gamma(2.0, 10.0, (3, 17, 23))
    mask = rng.random((17, 23)) < 0.8
    phases = Phases(rng.gamma(2.0, 10.0, (count, 3)), rng.uniform(1, 5, 3))
    labels = phases.assign(x)
    share = modes(labels, mask, count)
    assert share.sum() == pytest.approx(1)
    made_of = compositions(x, labels, mask, phases.centres)
    np.testing.assert_allclose(share @ made_of, x[:, mask].mean(axis=1))
    doubled = Phases(2 * phases.centres, 2 * phases.scale)  # of twice the dose
    assert (doubled.assign(2 * x) == labels).all()


def test_a_tally_of_samples_says_how_sure_each_pixel_is() -> None:
    _, truth, spread = rock(2.0)
    mask = everywhere(truth)
    mask[:, :8] = False
    phases = find_phases(truth, spread, mask)
    tally = Tally(phases, truth, spread, mask)
    moved = truth.copy()
    moved[:, 30:32] = CENTRES[1][:, None, None]  # two rows of the first phase
    for sample in (truth, moved):
        tally.add(sample)
    share = tally.probability()
    assert (share[:, ~mask] == 0).all()
    np.testing.assert_allclose(share.sum(axis=0)[mask], 1)
    np.testing.assert_allclose(share[:2, 30, 20], 0.5)
    np.testing.assert_allclose(tally.doubt()[:2], (2 * 56 / 4 + 1) / (64 * 56))
    np.testing.assert_allclose(tally.spread, 2.0)


def test_intervals_stay_where_answers_can_be_and_the_table_holds_all() -> None:
    _, truth, spread = rock(2.0)
    tally = Tally(find_phases(truth, spread, everywhere(truth)), truth, spread, everywhere(truth))
    rng = np.random.default_rng(3)
    for _ in range(8):
        tally.add(truth + rng.normal(0, 20, truth.shape).astype(np.float32))
    wide = intervals.Factors(mode=50, composition=500, profile=1)
    share, mean = intervals.modes(tally, wide), intervals.compositions(tally, wide)
    assert (share.lower >= 0).all()
    assert (share.upper <= 1).all()
    assert (mean.lower >= 0).all()
    table = intervals.table(share, mean)
    assert len(table["value"]) == 4 + 4 * 3
    np.testing.assert_array_equal(table["value"][table["channel"] == intervals.MODE], share.value)
    samples_only = intervals.modes(tally, None)
    assert (samples_only.upper - samples_only.lower < share.upper - share.lower).all()
