"""Calibration by specimen, risks with an event, and the scores they are judged by."""

import json

import numpy as np
import pytest
import torch
from scipy import special, stats

from workers.assessment.absence import fit_absence
from workers.assessment.calibration import allowed_loss, conformal_scale
from workers.assessment.risk import (
    FeatureRisk,
    covariates,
    false_features,
    fit_feature_risk,
    green_limit,
    visible_error,
)
from workers.assessment.scores import (
    auroc,
    coverage,
    extreme_rank_mass,
    fair_crps,
    gaussian_crps,
    level_error,
    probability_error,
    rank_histogram,
)


def specimens(count: int, rng: np.random.Generator) -> list[np.ndarray]:
    """|error|/std of specimens that differ in how wrong their std is."""
    return [np.abs(rng.standard_normal(2000)) * rng.lognormal(0.3, 0.3) for _ in range(count)]


def test_calibrated_intervals_cover_new_specimens_on_average():
    rng = np.random.default_rng(0)
    covered = []
    for _ in range(60):
        scale = conformal_scale(specimens(20, rng), 0.1)
        covered.append(np.mean([(s <= scale).mean() for s in specimens(5, rng)]))
    assert 0.9 <= np.mean(covered) < 0.96  # the promise costs 1/(n + 1) at most


def test_too_few_specimens_are_refused_with_a_sentence():
    rng = np.random.default_rng(1)
    with pytest.raises(ValueError, match="90% intervals takes 9 specimens; there are 8"):
        conformal_scale(specimens(8, rng), 0.1)
    assert conformal_scale(specimens(9, rng), 0.1) > 1
    assert allowed_loss(0, 0.1) is None
    assert allowed_loss(9, 0.1) == pytest.approx(0, abs=1e-12)


def test_absence_counts_are_shrunk_to_a_calibrated_probability():
    rng = np.random.default_rng(2)
    p = rng.beta(0.8, 1.5, 20000)
    absent, event = rng.binomial(15, p), rng.random(20000) < p
    fitted = fit_absence(absent, 15)
    assert (fitted.a, fitted.c) == pytest.approx((0.8, 1.5), rel=0.1)
    assert probability_error(fitted.probability(absent, 15), event) < 0.015
    assert probability_error(absent / 15, event) > 0.02


def test_absence_stays_short_of_certainty():
    assert fit_absence(np.zeros(0, dtype=np.int64), 16).probability(np.array([0]), 16) == 1 / 18
    never = fit_absence(np.zeros(500, dtype=np.int64), 16)
    assert 0 < never.probability(np.array([0]), 16)[0] < 0.05
    with pytest.raises(ValueError, match="at least one sample"):
        fit_absence(np.zeros(3, dtype=np.int64), 0)


def features_with_known_risk(count: int, rng: np.random.Generator):
    absence, d = rng.uniform(0.02, 0.98, count), rng.gamma(2, 4, count)
    share, contrast = rng.uniform(0, 1, count), rng.gamma(2, 1, count)
    values = covariates(absence, d, share, contrast)
    risk = special.expit(0.7 + 0.8 * values[:, 0] - 0.9 * values[:, 1] - 0.5 * values[:, 2])
    return values, risk, rng.random(count) < risk


def test_a_feature_risk_is_calibrated_on_specimens_it_has_not_seen():
    rng = np.random.default_rng(3)
    values, _, absent = features_with_known_risk(20000, rng)
    fitted = fit_feature_risk(values, absent, np.arange(20000) % 12)
    new, risk, event = features_with_known_risk(20000, rng)
    found = fitted.probability(new)
    assert probability_error(found, event) < 0.02
    assert np.abs(found - risk).mean() < 0.02


def test_a_feature_risk_survives_the_model_card():
    risk = FeatureRisk(0.25, (1.0, -0.5, 0.125, 2.0))
    assert FeatureRisk.from_card(json.loads(json.dumps(risk.to_card()))) == risk
    with pytest.raises(ValueError, match="four weights"):
        FeatureRisk.from_card({"intercept": 1.0, "weights": [1.0]})
    with pytest.raises(ValueError, match="not finite"):
        FeatureRisk.from_card({"weights": [1.0, 2.0, 3.0, 4.0]})


def test_separable_features_do_not_break_the_fit():
    values, _, _ = features_with_known_risk(400, np.random.default_rng(4))
    fitted = fit_feature_risk(values, values[:, 1] < 2, np.zeros(400, dtype=np.int64))
    assert np.isfinite([fitted.intercept, *fitted.weights]).all()
    with pytest.raises(ValueError, match="No feature"):
        fit_feature_risk(values[:0], np.zeros(0, dtype=bool), np.zeros(0, dtype=np.int64))


def test_a_green_list_keeps_its_false_share_on_new_specimens():
    rng = np.random.default_rng(5)
    shares = []
    for _ in range(30):
        _, risk, absent = features_with_known_risk(6000, rng)
        limit = green_limit(risk, absent, np.arange(6000) % 12, alpha=0.2)
        _, new_risk, new_absent = features_with_known_risk(3000, rng)
        shares.append(new_absent[new_risk <= limit].mean())
        assert 0 < limit < 1
    assert np.mean(shares) <= 0.2
    assert green_limit(risk, absent, np.zeros(6000, dtype=np.int64), alpha=0.2) == 0.0


def test_a_visible_error_is_a_tenth_of_the_range_of_what_was_measured():
    estimate = torch.linspace(0, 100, 10_000).reshape(1, 100, 100)
    mask = torch.ones(100, 100, dtype=torch.bool)
    assert float(visible_error(estimate, mask)[0]) == pytest.approx(9.99, abs=0.02)
    assert float(visible_error(0 * estimate, mask)[0]) == 1.0
    assert float(visible_error(estimate, ~mask)[0]) == 1.0


def test_scores_agree_with_their_definitions():
    rng = np.random.default_rng(7)
    samples, truth = rng.standard_normal((6, 40)), rng.standard_normal(40)
    pairs = np.abs(samples[:, None] - samples[None, :]).sum(axis=(0, 1)) / (6 * 5)
    direct = (np.abs(samples - truth).mean(axis=0) - pairs / 2).mean()
    assert fair_crps(samples, truth) == pytest.approx(direct)
    event, score = rng.random(40) < 0.4, np.round(samples[0], 1)
    wins = [(a > b) + 0.5 * (a == b) for a in score[event] for b in score[~event]]
    assert auroc(score, event) == pytest.approx(np.mean(wins))
    assert auroc(score, np.zeros(40, dtype=bool)) == 0.5
    assert rank_histogram(samples, truth, rng).sum() == pytest.approx(1)
    with pytest.raises(ValueError, match="two samples"):
        fair_crps(samples[:1], truth)


def test_scores_call_a_right_posterior_right():
    rng = np.random.default_rng(8)
    samples, truth = rng.standard_normal((16, 50_000)), rng.standard_normal(50_000)
    assert extreme_rank_mass(samples, truth, rng) == pytest.approx(2 / 17, abs=0.006)
    ones = np.ones(50_000)
    assert level_error(2 * stats.norm.cdf(np.abs(truth)) - 1) < 0.005
    assert level_error(2 * stats.norm.cdf(2 * np.abs(truth)) - 1) > 0.15
    assert level_error(2 * stats.norm.cdf(np.abs(truth) / 2) - 1) > 0.15  # too wide is wrong too
    assert coverage(-1.645 * ones, 1.645 * ones, truth) == pytest.approx(0.9, abs=0.005)
    drawn = fair_crps(samples, truth)
    assert gaussian_crps(0 * ones, ones, truth) == pytest.approx(drawn, rel=0.01)
    assert gaussian_crps(0 * ones, 2 * ones, truth) > 1.1 * drawn


def test_ties_between_empty_pixels_are_broken_by_chance():
    empty = np.zeros((9, 10_000))
    found = rank_histogram(empty, empty[0], np.random.default_rng(0))
    assert found == pytest.approx(np.full(10, 0.1), abs=0.015)


def test_false_features_are_the_risks_added_up_over_the_measured_area():
    assert false_features(np.array([0.5, 0.25, 0.25]), 20_000) == pytest.approx(0.5)
    assert false_features(np.array([]), 20_000) == 0
    assert false_features(np.array([0.5]), 0) == 0
