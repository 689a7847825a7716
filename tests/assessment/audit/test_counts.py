import numpy as np
import pytest

from workers.assessment.audit.counts import NOMINAL, Prediction, scores


@pytest.mark.parametrize("level", [0.05, 0.7, 6.0, 300.0])
@pytest.mark.parametrize("spread", [0.0, 0.4])
def test_scores_of_a_right_prediction_are_gaussian_however_few_the_counts(level, spread):
    rng = np.random.default_rng(0)
    shape = (1, 400, 200)
    estimate, sigma = np.full(shape, level), np.full(shape, spread * level)
    alpha = 1 / spread**2 if spread else None
    truth = rng.gamma(alpha, level / alpha, shape) if alpha else estimate
    ratio = 0.5
    mean, variance = Prediction(estimate, sigma).of_counts(ratio, np.ones(1))
    found = scores(rng.poisson(ratio * truth).astype(float), mean, variance, rng)
    for z, share in ((0.674, 0.5), (NOMINAL, 0.9), (1.96, 0.95)):
        assert (found <= z).mean() == pytest.approx(share, abs=0.006)


def test_overconfidence_shows_as_far_as_the_counts_can_tell():
    rng = np.random.default_rng(1)
    truth = rng.normal(200, 40, (1, 300, 300))

    def held(ratio):
        prediction = Prediction(np.full(truth.shape, 200.0), np.full(truth.shape, 20.0))
        mean, variance = prediction.of_counts(ratio, np.ones(1))
        counts = rng.poisson(ratio * truth).astype(float)
        return (scores(counts, mean, variance, rng) <= NOMINAL).mean()

    assert held(10.0) < 0.65
    assert 0.65 < held(0.3) < 0.85
    assert held(0.01) > 0.87  # so short a rescan sees its own noise only


def test_a_detector_with_dead_time_is_called_no_surer_than_it_is():
    rng = np.random.default_rng(2)
    estimate = np.full((1, 300, 300), 800.0)
    counts = np.round(rng.normal(800, np.sqrt(0.7 * 800), estimate.shape))
    mean, variance = Prediction(estimate, 0 * estimate).of_counts(1.0, np.array([0.7]))
    assert 0.9 < (scores(counts, mean, variance, rng) <= NOMINAL).mean() < 0.96
