"""Scores of calorimeter maps do what they say on maps whose answer is known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize

from workers.assessment.calorimeter.earth_mover import earth_mover
from workers.assessment.calorimeter.map_scores import relative_rmse, total_variation
from workers.assessment.calorimeter.maxima import maxima
from workers.assessment.calorimeter.particles import Found, best_threshold, judge
from workers.assessment.calorimeter.resampling import error_of
from workers.assessment.calorimeter.splits import bicubic, split, uniform

seeds = st.integers(0, 2**31)


def spot(*places: tuple[int, int], rows: int = 16, mev: float = 100.0) -> np.ndarray:
    fine = np.zeros((1, 1, rows, rows), np.float32)
    for row, column in places:
        fine[0, 0, row, column] = mev
    return fine


def found(*places: tuple[int, float, float, float], events: int = 1) -> Found:
    event, x, y, mev = (np.array(column) for column in zip(*places, strict=True))
    return Found(event, x, y, mev, events)


@settings(max_examples=25, deadline=None)
@given(seeds, st.sampled_from([2, 4]))
def test_every_split_keeps_the_energy_of_every_cell(seed, factor):
    coarse = np.random.default_rng(seed).exponential(100, (3, 2, 4, 4)).astype(np.float32)
    weights = np.random.default_rng(seed).normal(size=(3, 2, 4 * factor, 4 * factor))
    for fine in (uniform(coarse, factor), bicubic(coarse, factor), split(coarse, weights)):
        blocks = fine.reshape(3, 2, 4, factor, 4, factor)
        assert blocks.sum(axis=(3, 5)) == pytest.approx(coarse, rel=1e-5)
        assert fine.min() >= 0


def test_a_bicubic_split_is_smoother_than_an_even_one():
    fine = np.broadcast_to(np.linspace(1, 32, 32, dtype=np.float32), (1, 1, 32, 32))
    coarse = fine.reshape(1, 1, 8, 4, 8, 4).sum(axis=(3, 5))
    errors = [np.abs(made(coarse, 4) - fine).mean() for made in (bicubic, uniform)]
    assert errors[0] < 0.3 * errors[1]


def test_the_relative_error_and_variation_of_known_maps():
    truth = spot((3, 3))
    assert relative_rmse(truth, truth) == 0
    assert relative_rmse(0 * truth, truth) == pytest.approx(1)
    assert total_variation(spot((3, 4)), truth) == pytest.approx(1)
    both = np.concatenate([truth, 0 * truth]), np.concatenate([truth, truth])
    assert relative_rmse(*both, weights=np.array([1.0, 0.0])) == 0


def test_a_spot_is_carried_as_far_as_it_was_moved():
    assert earth_mover(spot((3, 3)), spot((6, 7)), 36.0) == pytest.approx(5 * 36)
    halves = spot((3, 3), (3, 13))
    assert earth_mover(halves, spot((3, 3), mev=7.0), 10.0) == pytest.approx(50)
    assert earth_mover(halves, 2 * halves, 10.0) == pytest.approx(0)


@settings(max_examples=8, deadline=None)
@given(seeds)
def test_the_distance_is_that_of_the_transport_problem(seed):
    rng = np.random.default_rng(seed)
    one, other = rng.exponential(1, (2, 1, 1, 4, 4)) ** 2
    exact = transport(one.ravel() / one.sum(), other.ravel() / other.sum(), 4)
    assert earth_mover(one, other, 1.0)[0] == pytest.approx(exact, rel=0.03, abs=0.005)


def transport(source: np.ndarray, sink: np.ndarray, rows: int) -> float:
    """The linear programme of Kantorovich, solved as it stands."""
    place = np.column_stack(np.unravel_index(np.arange(rows**2), (rows, rows)))
    cost = np.hypot(*(place[:, None] - place).transpose(2, 0, 1))
    cells = len(source)
    leaving = np.kron(np.eye(cells), np.ones(cells))
    arriving = np.kron(np.ones(cells), np.eye(cells))[1:]  # the last follows from the others
    answer = optimize.linprog(
        cost.ravel(), A_eq=np.vstack([leaving, arriving]), b_eq=np.concatenate([source, sink[1:]])
    )
    return float(answer.fun)


def test_a_map_without_energy_has_no_distance():
    with pytest.raises(ValueError, match="without any energy"):
        earth_mover(0 * spot((3, 3)), spot((3, 3)), 36.0)


def test_particles_lie_in_the_centroids_of_maxima():
    fine = spot((4, 4)) + spot((4, 5), mev=50.0) + spot((10, 12), mev=30.0)
    particles = maxima(fine, 36.0)
    assert particles.number().tolist() == [2]
    assert particles.x_mm == pytest.approx([(4 - 7.5 + 1 / 3) * 36, (12 - 7.5) * 36])
    assert particles.y_mm == pytest.approx([(4 - 7.5) * 36, (10 - 7.5) * 36])
    assert particles.mev == pytest.approx([150, 30])
    assert particles.above(100).number().tolist() == [1]


def test_of_equal_neighbours_one_counts():
    assert maxima(spot((4, 4), (4, 5), (5, 4)), 36.0).number().tolist() == [1]
    assert maxima(0 * spot((4, 4)), 36.0).number().tolist() == [0]


def test_particles_are_matched_one_to_one_and_only_when_near():
    truth = found((0, 0.0, 0.0, 100.0), (0, 50.0, 0.0, 100.0), (1, 0.0, 0.0, 100.0), events=2)
    seen = found((0, 10.0, 0.0, 90.0), (0, 300.0, 0.0, 50.0), (1, 3.0, 4.0, 120.0), events=2)
    judged = judge(seen, truth)
    assert judged.matched.tolist() == [1, 1]
    assert sorted(judged.distance_mm) == pytest.approx([5, 10])
    assert judged.energy_ratio == pytest.approx([0.9, 1.2])
    figures = judged.figures()
    assert figures["count_correct"] == 1
    assert figures["efficiency"] == pytest.approx(2 / 3)
    assert figures["fakes"] == pytest.approx(0.5)
    assert judged.figures(np.array([0.0, 1.0]))["efficiency"] == 1


def test_two_near_particles_are_both_matched_though_one_could_take_the_nearer():
    truth = found((0, 0.0, 0.0, 1.0), (0, 60.0, 0.0, 1.0))
    seen = found((0, 55.0, 0.0, 1.0), (0, 130.0, 0.0, 1.0))
    assert judge(seen, truth).matched.tolist() == [2]


def test_the_threshold_makes_the_most_counts_right():
    truth = found(*((event, 0.0, 0.0, 1.0) for event in range(20)), events=20)
    faint = [(event, 300.0, 0.0, 10.0 + event) for event in range(20)]
    bright = [(event, 0.0, 0.0, 100.0 + event) for event in range(20)]
    seen = found(*faint, *bright, events=20)
    chosen = seen.above(best_threshold(seen, truth))
    assert (chosen.number() == 1).mean() > 0.85


def test_errors_grow_where_events_share_their_showers():
    """The mean of 400 values of unit spread: of 400 groups, and of 16 groups that agree."""
    rng = np.random.default_rng(0)
    alone = rng.standard_normal(400)
    apart = error_of(lambda w: float((w * alone).sum() / w.sum()), np.arange(400), rng)
    assert apart == pytest.approx(0.05, rel=0.25)
    together = np.repeat(rng.standard_normal(16), 25)
    group = np.repeat(np.arange(16), 25)
    shared = error_of(lambda w: float((w * together).sum() / w.sum()), group, rng)
    assert shared > 3 * apart
