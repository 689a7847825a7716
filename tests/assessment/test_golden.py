"""The golden test: right where the posterior is exact, alarmed where it is not."""

import numpy as np
import pytest
import torch

from tests.assessment.gaussian import SIGMA, TRUE_PRIOR, ExactPosterior, measure
from tests.assessment.golden import (
    CALIBRATING,
    LEAST,
    ROWS,
    SAMPLES,
    TARP_BAND,
    TOO_NARROW,
    TOO_ROUGH,
    TOO_SMOOTH,
    Golden,
    assess,
    mosaic,
)
from workers.assessment.blobs import blob_response
from workers.assessment.evidence import FWHM, measurement_share
from workers.assessment.features import find_features, present
from workers.assessment.scores import auroc

NOMINAL_EXTREMES = 2 / (SAMPLES + 1)
# What the prototype of this test measured: raw and shrunken error, TARP mean, extreme ranks. Last
# the share of absent features: our own, since it looked for features at other scales (exact: 0.53).
TABLE = {
    "exact": (0.060, 0.017, 0.493, 0.117, 0.488),
    "smooth": (0.092, 0.052, 0.946, 0.281, 0.374),
    "rough": (0.059, 0.046, 0.136, 0.060, 0.564),
    "narrow": (0.095, 0.052, 0.971, 0.313, 0.374),
}


@pytest.fixture(scope="module")
def exact() -> list[Golden]:
    posterior = ExactPosterior(TRUE_PRIOR)
    return [assess(posterior, seed=seed) for seed in (0, 1, 2)]


@pytest.fixture(scope="module")
def wrong() -> dict[str, Golden]:
    return {
        "smooth": assess(ExactPosterior(TOO_SMOOTH)),
        "rough": assess(ExactPosterior(TOO_ROUGH)),
        "narrow": assess(ExactPosterior(TRUE_PRIOR, spread=TOO_NARROW)),
    }


def mean(found: list[Golden], name: str) -> float:
    return float(np.mean([getattr(one, name) for one in found]))


def test_an_exact_posterior_comes_out_calibrated(exact):
    assert exact[0].features > 5000
    assert mean(exact, "shrunk_error") <= 0.03
    assert mean(exact, "shrunk_error") < 0.6 * mean(exact, "raw_error")
    assert mean(exact, "tarp") == pytest.approx(0.5, abs=TARP_BAND)
    assert mean(exact, "tarp_control") == pytest.approx(0.5, abs=0.02)
    assert mean(exact, "extreme_ranks") == pytest.approx(NOMINAL_EXTREMES, abs=0.008)
    assert mean(exact, "level_error") < 0.01
    promised = 1 - ((CALIBRATING + 1) * 0.1 - 1) / CALIBRATING  # conformal risk control
    assert mean(exact, "coverage") == pytest.approx(promised, abs=0.012)
    assert mean(exact, "auroc") == pytest.approx(mean(exact, "ceiling"), abs=0.02)
    assert not any(one.tarp_alarm or one.absence_alarm for one in exact)


def test_samples_have_chi_square_one_and_their_mean_obeys_its_identity(exact):
    identity = ExactPosterior(TRUE_PRIOR).chi2_of_the_mean()
    assert mean(exact, "chi2_of_samples") == pytest.approx(1, abs=0.02)
    assert mean(exact, "chi2_of_mean") == pytest.approx(identity, abs=0.01)
    assert identity < 0.1


def test_the_score_of_samples_is_that_of_the_distribution_they_come_from(exact):
    for one in exact:
        assert one.crps == pytest.approx(one.crps_by_formula, rel=0.005)


@pytest.mark.parametrize("case", ["smooth", "rough", "narrow"])
def test_what_is_wrong_is_noticed_by_tarp_and_by_the_absence_probabilities(exact, wrong, case):
    found = wrong[case]
    assert found.tarp_alarm
    assert found.absence_alarm
    assert abs(found.extreme_ranks - NOMINAL_EXTREMES) > 0.04
    assert found.tarp_control == pytest.approx(0.5, abs=0.03)
    assert found.crps > exact[0].crps


@pytest.mark.parametrize("case", ["smooth", "rough"])
def test_neither_consistency_nor_auroc_sees_a_wrong_prior(exact, wrong, case):
    assert wrong[case].chi2_of_samples == pytest.approx(1, abs=0.12)
    assert wrong[case].auroc == pytest.approx(exact[0].auroc, abs=0.02)
    # Its own ceiling, which needs the truth of nobody, gives it away.
    assert abs(wrong[case].auroc - wrong[case].ceiling) > 0.03


def test_a_spread_too_small_shows_in_chi_square_as_well(wrong):
    assert wrong["narrow"].chi2_of_samples < 0.5
    assert wrong["narrow"].level_error > 0.1


def test_a_spread_too_large_is_noticed_as_well():
    wide = assess(ExactPosterior(TRUE_PRIOR, spread=1.6))
    assert wide.tarp < 0.2
    assert wide.level_error > 0.1
    assert wide.chi2_of_samples > 2


@pytest.mark.parametrize("case", TABLE)
def test_the_table_of_the_prototype_is_reproduced(exact, wrong, case):
    raw, shrunk, tarp, extremes, absent = TABLE[case]
    found = exact if case == "exact" else [wrong[case]]
    assert mean(found, "raw_error") == pytest.approx(raw, abs=0.015)
    assert mean(found, "shrunk_error") == pytest.approx(shrunk, abs=0.025)
    assert mean(found, "tarp") == pytest.approx(tarp, abs=0.05)
    assert mean(found, "extreme_ranks") == pytest.approx(extremes, abs=0.01)
    assert mean(found, "absent") == pytest.approx(absent, abs=0.02)


@pytest.mark.parametrize("scale", [1.0, 2.0, 4.0])
def test_the_measurement_share_is_the_variance_that_the_measurement_took_away(scale):
    """Shares come from a formula; the exact posterior's own samples must say the same."""
    posterior = ExactPosterior(TRUE_PRIOR)
    generator = torch.Generator().manual_seed(5)
    _, y = measure(20, generator)
    left = posterior.sample(y, 8, generator) - posterior.mean(y)
    before = TRUE_PRIOR.draw(160, generator)

    def variance(fields: torch.Tensor) -> float:
        inner = slice(12, -12)  # away from the border, which the fields wrap around and blur not
        answers = [blob_response(f, scale)[inner, inner] for f in fields.reshape(-1, 48, 48)]
        return float(torch.stack(answers).square().mean())

    share = 1 - variance(left) / variance(before)
    by_formula = measurement_share(posterior.model, TRUE_PRIOR, [SIGMA**2], FWHM * scale)[0]
    assert share == pytest.approx(by_formula, abs=0.03)


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
