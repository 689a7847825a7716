"""Predictions before a scan: what must hold whatever the specimen, and against simulated scans."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch

from workers.assessment import planning
from workers.assessment.planning import (
    FACTORS,
    Element,
    Plan,
    Session,
    Unaffordable,
    best,
    error_over_time,
    plan,
    plans,
)
from workers.assessment.smooth import smooth_image
from workers.physics import PoissonNoise, forward_model
from workers.physics.spectrum import Fit, transfer
from workers.stationary import Specimen, fine_frequencies


def session(**facts: object) -> Session:
    elements = (Element("Si", 340.0, 200.0, 16.9), Element("Cr", 11.0, 3.0, None))
    usual = Session(
        width_um=512,
        height_um=384,
        seconds=3600,
        current_na=40,
        step_um=2,
        grain_um=30,
        minimum_dwell_ms=0.1,
        overhead_ms=0,
        sampling="binned",
        elements=elements,
    )
    return replace(usual, **facts)


def plans_of(one: Session) -> list[Plan]:
    return [way for way in plans(one) if isinstance(way, Plan)]


@pytest.mark.parametrize("sampling", ["binned", "point"])
@pytest.mark.parametrize("grain", [3.0, 30.0, 300.0, 30_000.0])
def test_more_time_never_makes_an_error_worse(sampling, grain):
    asked = session(sampling=sampling, grain_um=grain, overhead_ms=0.5)
    for factor in FACTORS:
        errors = error_over_time(asked, factor, list(3600 * np.geomspace(0.05, 20, 12)))
        known = [error for error in errors if error == error]
        assert len(known) > 6
        assert all(later <= before + 1e-12 for before, later in pairwise(known))
        assert all(0 <= error <= 1.01 for error in known)


@pytest.mark.parametrize("grain", [3.0, 30.0, 300.0])
def test_more_current_never_makes_an_error_or_the_resolution_of_evidence_worse(grain):
    dim, bright = (session(grain_um=grain, current_na=nanoamperes) for nanoamperes in (40, 80))
    for before, after in zip(plans_of(dim), plans_of(bright), strict=True):
        for one, other in zip(before.outlooks, after.outlooks, strict=True):
            assert other.error <= one.error
            assert other.unseen == one.unseen
            assert other.evidence_um <= one.evidence_um


def test_coarser_grains_leave_less_unknown():
    errors = [[way.error for way in plans_of(session(grain_um=g))] for g in (3, 30, 300)]
    for before, after in pairwise(errors):
        assert all(less < more for more, less in zip(before, after, strict=True))


@pytest.mark.parametrize("sampling", ["binned", "point"])
def test_without_overhead_a_coarse_scan_of_equal_time_only_loses(sampling):
    found = plans_of(session(sampling=sampling))
    assert [way.factor for way in found] == list(FACTORS)
    errors = [way.error for way in found]
    assert errors == sorted(errors)
    assert best(found) is found[0]


def test_plans_of_equal_time_count_the_same_photons():
    found = plans_of(session())
    for way in found:
        total = way.outlooks[0].counts * way.columns * way.rows
        assert total == pytest.approx(340 * 40 * 3600, rel=1e-9)
        assert way.columns * way.rows * way.dwell_ms / 1000 == pytest.approx(3600)


def test_overhead_makes_the_coarse_scan_right_and_a_shortest_dwell_the_only_one():
    hurried = session(overhead_ms=60, minimum_dwell_ms=1, sampling="binned", grain_um=100)
    chosen = best(plans(hurried))
    assert chosen is not None
    assert chosen.factor > 1
    slow = session(minimum_dwell_ms=100)
    assert isinstance(plan(slow, 1), Unaffordable)
    assert plan(slow, 1).seconds == pytest.approx(256 * 192 * 0.1)
    assert best(plans(slow)).factor == 2


def test_a_field_of_a_few_pixels_is_refused_however_long_the_time():
    assert plan(session(width_um=20), 1) == Unaffordable(1, 2, float("inf"))
    assert best(plans(session(width_um=20))) is None
    assert best(plans(session(width_um=0.1))) is None


def test_of_two_equally_good_plans_the_finer_is_taken():
    fine, coarse = (plan(session(), factor) for factor in (1, 2))
    wide = replace(coarse, outlooks=fine.outlooks)
    worse = replace(fine, outlooks=tuple(replace(o, error=1.09 * o.error) for o in fine.outlooks))
    assert best([worse, wide]) is worse
    bad = replace(fine, outlooks=tuple(replace(o, error=1.15 * o.error) for o in fine.outlooks))
    assert best([bad, wide]) is wide


@pytest.mark.parametrize("factor", [2, 4, 8])
@pytest.mark.parametrize("sampling", ["binned", "point"])
def test_what_a_pixel_sees_is_what_the_forward_model_does(factor, sampling):
    response = transfer(forward_model(sampling, factor), *fine_frequencies(384, 384))
    assert np.allclose(np.abs(response) ** 2, planning._seen(factor, sampling), atol=1e-12)


@pytest.mark.parametrize(("name", "factor"), [("fine", 1), ("binned", 2), ("binned", 4)])
def test_the_predicted_error_is_that_of_the_estimate_of_a_simulated_scan(name, factor):
    """A Gaussian field with the planner's own covariance, mapped with Poisson counts."""
    mean, spread, exposure, side = 400.0, 120.0, 0.02 * factor**2, 256
    asked = session(
        width_um=side, height_um=side, step_um=1, grain_um=12, current_na=1,
        seconds=exposure * (side // factor) ** 2,
        elements=(Element("Si", mean, spread, None),),
    )  # fmt: skip
    predicted = plan(asked, factor)
    scale = 2 * np.pi * 12
    qy, qx = fine_frequencies(side, side)
    spectrum = Specimen(1.0, 3.0, 0.0, scale).spectrum(qy**2 + qx**2)
    spectrum[0, 0] = 0
    power = 1 / spectrum.mean()
    model, errors = forward_model(name, factor), []
    for seed in range(3):
        rng = np.random.default_rng(seed)
        white = np.fft.fft2(rng.standard_normal((side, side)))
        truth = torch.from_numpy(
            mean + spread * np.fft.ifft2(white * np.sqrt(power * spectrum)).real
        )
        expected = model.expected(truth.clamp_min(0)) * exposure
        y = torch.poisson(expected, generator=torch.Generator().manual_seed(seed))
        specimen = Specimen((spread * exposure) ** 2 * power, 3.0, 0.0, scale)
        fit = Fit(specimen, mean * exposure, 1.0)
        everywhere = torch.ones(y.shape, dtype=torch.bool)
        smooth = smooth_image(y[None], model, PoissonNoise(torch.ones(1)), [fit], everywhere)
        errors.append(float((smooth[0] / exposure - truth).square().mean()))
    realised = np.sqrt(np.mean(errors)) / spread
    assert predicted.outlooks[0].error == pytest.approx(realised, rel=0.06)
