import numpy as np
import pytest

from fiducial.demo.judge import Judge, response, response_noise

COUNTS = 14.0
SHAPE = (64, 64)
EVERYWHERE = np.ones(SHAPE, bool)


def hill(y: float, x: float, height: float, width: float = 2.0) -> np.ndarray:
    rows, columns = np.ogrid[: SHAPE[0], : SHAPE[1]]
    return height * np.exp(-((rows - y) ** 2 + (columns - x) ** 2) / (2 * width**2))


def counted(truth: np.ndarray, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).poisson(truth * COUNTS) / COUNTS


@pytest.mark.parametrize(("place", "there"), [((20, 20), True), ((45, 40), False)])
def test_judge_finds_a_true_feature_and_refuses_an_invented_one(place, there):
    truth = 30 + hill(20, 20, 40)
    estimate = truth + hill(45, 40, 40)
    assert Judge(estimate, counted(truth), EVERYWHERE, COUNTS).present(*place, scale=2.0) is there


@pytest.mark.parametrize(("moved", "there"), [(1.0, True), (2.0, True), (4.0, False)])
def test_judge_allows_two_pixels(moved, there):
    estimate = 30 + hill(30, 30, 40, width=1.5)
    slow = counted(30 + hill(30, 30 + moved, 40, width=1.5))
    assert Judge(estimate, slow, EVERYWHERE, 1e6).present(30, 30, scale=1.5) is there


@pytest.mark.parametrize(("share", "there"), [(0.7, True), (0.3, False), (-1.0, False)])
def test_judge_asks_for_half_the_height_and_the_same_sign(share, there):
    estimate = 60 + hill(30, 30, 40)
    slow = 60 + hill(30, 30, 40 * share)
    assert Judge(estimate, slow, EVERYWHERE, 1e6).present(30, 30, scale=2.0) is there


def test_judge_cannot_tell_what_counting_noise_would_hide():
    estimate = 30 + hill(30, 30, 1.0)
    flat = counted(np.full(SHAPE, 30.0))
    assert Judge(estimate, flat, EVERYWHERE, COUNTS).present(30, 30, scale=2.0) is None


def test_judge_names_the_strong_features_an_estimate_lacks():
    truth = 30 + hill(16, 16, 40) + hill(48, 40, 60)
    judge = Judge(30 + hill(16, 16, 40), counted(truth), EVERYWHERE, COUNTS)
    missed, strong = judge.misses(scale=2.0)
    strength, y, x, height = missed[0]
    assert np.hypot(y - 48, x - 40) < 1.5
    assert strength > 6
    assert height > 0
    assert strong >= 1
    nowhere = Judge(judge.estimate, judge.slow, ~EVERYWHERE, COUNTS)
    assert nowhere.misses(scale=2.0) == ([], 0)


@pytest.mark.parametrize("scale", [1.0, 2.5])
def test_response_noise_is_the_spread_of_the_response_to_flat_counts(scale):
    slow = np.random.default_rng(1).poisson(20 * COUNTS, (256, 256)) / COUNTS
    stated = response_noise(slow, scale, COUNTS).mean()
    assert stated == pytest.approx(response(slow, scale).std(), rel=0.05)
