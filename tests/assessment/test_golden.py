"""The golden test: right where the posterior is exact, alarmed where it is not."""

import pytest
import torch

from tests.assessment.gaussian import SIGMA, TRUE_PRIOR, ExactPosterior, Prior, measure
from tests.assessment.golden import LEAST, ROWS, SAMPLES, Golden, assess, mosaic
from workers.assessment.features import find_features, present
from workers.assessment.scores import auroc

NOMINAL_EXTREMES = 2 / (SAMPLES + 1)


@pytest.fixture(scope="module")
def exact() -> Golden:
    return assess(ExactPosterior(TRUE_PRIOR))


def test_an_exact_posterior_comes_out_calibrated(exact):
    assert exact.features > 5000
    assert exact.shrunk_error < 0.04
    assert exact.shrunk_error < 0.7 * exact.raw_error
    assert exact.extreme_ranks == pytest.approx(NOMINAL_EXTREMES, abs=0.012)
    assert exact.auroc == pytest.approx(exact.ceiling, abs=0.02)


def test_samples_have_chi_square_one_and_their_mean_obeys_its_identity(exact):
    identity = ExactPosterior(TRUE_PRIOR).chi2_of_the_mean()
    assert exact.chi2_of_samples == pytest.approx(1, abs=0.02)
    assert exact.chi2_of_mean == pytest.approx(identity, abs=0.01)
    assert identity < 0.1


@pytest.mark.parametrize(
    ("prior", "extremes"), [(Prior(4.5), (0.2, 0.4)), (Prior(2.0), (0.0, 0.08))]
)
def test_a_wrong_prior_is_noticed_though_consistency_cannot_see_it(exact, prior, extremes):
    wrong = assess(ExactPosterior(prior))
    assert wrong.chi2_of_samples == pytest.approx(1, abs=0.12)
    assert extremes[0] < wrong.extreme_ranks < extremes[1]
    assert wrong.shrunk_error > 1.5 * exact.shrunk_error
    assert abs(wrong.auroc - wrong.ceiling) > 0.03
    assert wrong.crps > exact.crps


def test_a_spread_too_small_is_noticed(exact):
    narrow = assess(ExactPosterior(TRUE_PRIOR, spread=0.6))
    assert narrow.extreme_ranks > 0.25
    assert narrow.chi2_of_samples < 0.5
    assert narrow.shrunk_error > 1.5 * exact.shrunk_error


def test_shuffled_truths_are_noticed():
    shuffled = assess(ExactPosterior(TRUE_PRIOR), shuffled=True)
    assert shuffled.shrunk_error > 0.2
    assert shuffled.auroc < 0.52


def test_a_feature_planted_in_the_null_space_changes_nothing_and_is_not_detected():
    """Bit-identical output; a risk that told planted from unplanted would leak the truth."""
    generator = torch.Generator().manual_seed(3)
    truth, _ = measure(ROWS * 10, generator)
    grid = 2.0**-20  # sums of a block are then exact, and so is "the same measurement"
    truth = (truth / grid).round() * grid
    plant = torch.zeros_like(truth[0])
    plant[16:32, 16:32] = grid * torch.round(torch.randn(16, 16, generator=generator) / 8 / grid)
    posterior = ExactPosterior(TRUE_PRIOR)
    plant = posterior.model.split(plant)[1]
    noise = (SIGMA * torch.randn(12, 12, generator=generator).double() / grid).round() * grid

    def output(x: torch.Tensor) -> torch.Tensor:
        y = posterior.model.expected(x) + noise
        return posterior.sample(y, 8, torch.Generator().manual_seed(4))

    plain, planted = output(truth), output(truth + plant)
    assert torch.equal(plain, planted)

    features = find_features(mosaic(plain[0]), LEAST)
    absent = sum(~present(features, mosaic(s)) for s in plain[1:])
    again = sum(~present(features, mosaic(s)) for s in planted[1:])
    score = torch.cat([torch.from_numpy(absent), torch.from_numpy(again)]).numpy()
    was_planted = torch.arange(len(score)).numpy() >= len(features)
    assert auroc(score, was_planted) == 0.5
