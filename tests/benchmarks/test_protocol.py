"""The benchmark's own arithmetic: degradations, scores and rivals on maps small enough to check."""

import json

import numpy as np
import pytest

from tests.benchmarks import methods, rivals, xray
from tests.benchmarks.protocol import (
    SEEDS,
    TASKS,
    Task,
    confidence_95,
    psnr,
    sample,
    split_trial,
    trial,
    unsampled,
)
from tests.benchmarks.specimens import SOURCES, Specimen, specimen
from tests.data import data_path

CELLS = {"fine": 1, "binned": 4, "point": 4}


def counts(channels=2, size=32, mean=40.0):
    rng = np.random.default_rng(5)
    rate = mean * (1 + np.sin(np.arange(size) / 3)[:, None] * np.cos(np.arange(size) / 5))
    return rng.poisson(np.stack([rate] * channels))


def task(sampling, dwell=1.0, drawn=False):
    return Task("toy", "obj1", CELLS[sampling], sampling, dwell, drawn)


def test_binning_at_full_counts_sums_blocks():
    real = counts()
    made = trial(task("binned", 16), real, (0, 1), 0)
    assert made.measured[0, 1, 2] == real[0, 4:8, 8:12].sum()
    assert made.measured.dtype == np.float32


def test_point_sampling_keeps_the_first_pixel_of_a_cell():
    real = counts()
    made = trial(task("point"), real, (0, 1), 0)
    assert np.array_equal(made.measured, real[:, ::4, ::4])


def test_a_map_that_does_not_divide_is_refused():
    with pytest.raises(ValueError, match="do not divide into cells of 4"):
        sample(np.zeros((1, 30, 32)), 4, "binned")


@pytest.mark.parametrize("sampling", CELLS)
def test_the_truth_itself_scores_best(sampling):
    """Also a check of units: an estimate is in counts per measured dwell."""
    real = counts()
    made = trial(task(sampling, dwell=0.25, drawn=True), real, (1,), 7)
    assert psnr(real[[1]] * made.dwell, made)[0] > 90
    assert psnr(real[[1]] * made.dwell * 1.1, made)[0] < 40


@pytest.mark.parametrize("sampling", CELLS)
def test_a_short_dwell_has_the_mean_and_the_variance_of_poisson(sampling):
    real = np.full((1, 256, 256), 64)
    short = trial(task(sampling, dwell=0.25, drawn=True), real, (0,), 3).measured
    assert short.mean() == pytest.approx(16, rel=0.03)
    assert short.var() == pytest.approx(16, rel=0.06)


def test_draws_are_those_of_their_seed():
    one = task("fine", 0.25, True)
    first, again, other = (trial(one, counts(), (0,), s).measured for s in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize(
    ("sampling", "dwell", "drawn"),
    [("fine", 0.25, True), ("binned", 1, True), ("binned", 16, False), ("point", 1, False)],
)
def test_split_halves_have_the_dwell_they_say(sampling, dwell, drawn):
    real = counts(1, 128)
    made = split_trial(task(sampling, dwell, drawn), real, (0,), 2)
    seen = sample(made.reference, CELLS[sampling], sampling)
    assert made.measured.mean() == pytest.approx(seen.mean() * made.dwell, rel=0.03)
    assert made.dwell == pytest.approx(dwell if drawn else dwell / 2)


def test_noise_free_score_takes_the_noise_of_the_reference_off():
    """An estimate with a known error against the true rate scores that error, not more."""
    rng = np.random.default_rng(0)
    rate = np.full((1, 256, 256), 50.0)
    estimate = rate + rng.normal(0, 5, rate.shape)
    made = split_trial(task("fine", 0.5), rng.poisson(rate), (0,), 1)
    expected = 10 * np.log10(made.peak**2 / 25)
    assert psnr(estimate * made.dwell, made) == pytest.approx(expected, abs=0.2)


def test_unsampled_pixels_are_those_no_beam_visited():
    where = unsampled((4, 4), 2)
    assert where.sum() == 12
    assert not where[::2, ::2].any()


def test_confidence_interval_is_students():
    low, high = confidence_95([1.0, 2.0, 3.0, 4.0, 5.0])
    assert (low, high) == pytest.approx((1.0368, 4.9632), abs=1e-3)


def test_back_projection_returns_the_measurement():
    real = counts().astype(float)
    blocks = sample(real, 4, "binned")
    assert sample(rivals.back_projected(blocks, 4), 4, "binned") == pytest.approx(blocks)


def test_enlarging_keeps_a_ramp_where_it_is():
    """A shift by half a pixel costs 2 dB; away from the border a ramp must come back."""
    ramp = np.tile(np.arange(64.0), (1, 64, 1))
    inside = (slice(None), slice(24, -24), slice(24, -24))
    blocks = rivals.bicubic(sample(ramp, 4, "binned"), 4)
    points = rivals.bilinear_from_points(sample(ramp, 4, "point"), 4)
    assert blocks[inside] == pytest.approx(ramp[inside], abs=0.01)
    assert points[inside] == pytest.approx(ramp[inside])


@pytest.mark.parametrize(
    "filtered", [rivals.gaussian, rivals.total_variation, rivals.joint_total_variation]
)
def test_filters_gain_on_noise_at_their_best_strength(filtered):
    real = counts(2, 48, mean=200)
    made = trial(task("fine", 1 / 8, True), real, (0, 1), 0)
    measured = made.measured.astype(float)
    strengths = rivals.best_strengths(filtered, (0.3, 1.0), measured, lambda e: psnr(e, made))
    cleaned = rivals.with_strengths(filtered, strengths, measured)
    assert (psnr(cleaned, made) > psnr(measured, made) + 2).all()


def test_total_variation_keeps_the_mean_of_few_counts():
    few = np.random.default_rng(0).poisson(1.5, (1, 96, 96)).astype(float)
    assert rivals.total_variation(few, 1.0).mean() == pytest.approx(1.5, rel=0.05)


def test_every_bar_belongs_to_a_task():
    keys = set(TASKS) | {"cpu", "obj1.point.x2.unsampled"}
    assert all(any(bar.startswith(key) for key in keys) for bar in xray.BARS)
    assert len(set(SEEDS)) == 5


def test_table_says_which_keys_are_missing():
    figures = {"obj1.time4.fine.psnr_db": 30.0, "obj1.time4.fine.rival.tv.psnr_db": 28.97}
    lines = xray.table(figures, ["sk401.binned.x4.psnr_db"]).splitlines()
    assert any("30.00" in line and "holds" in line and "tv 28.97" in line for line in lines)
    assert any(line.startswith("sk401") and "missing" in line for line in lines)


def test_results_are_flat_numbers_beside_what_made_them(tmp_path):
    path = tmp_path / "results" / "xray.json"
    xray.write(path, {"obj1.time4.fine.psnr_db": 29.123456}, {"commit": "c", "missing": []})
    kept = json.loads(path.read_text())
    assert kept == {"commit": "c", "missing": [], "obj1.time4.fine.psnr_db": 29.1235}
    assert len(xray.commit().removesuffix("-dirty")) == 40
    assert "2 threads" in xray.device()


def test_our_estimate_and_its_samples_are_scored_in_the_units_of_the_trial():
    found = Specimen("toy", ("Si", "Mg", "Fe"), counts(3, 64, mean=100), (0, 2))
    coarse = task("binned", dwell=1.0, drawn=True)
    made = trial(coarse, found.counts, found.scored, 1)
    assert (psnr(methods.ensemble(coarse, found)(made)[""], made) > 15).all()
    chi2 = methods.chi2_of_samples(coarse, found, made, 1)
    assert chi2.shape == (2,)
    assert ((chi2 > 0.5) & (chi2 < 2)).all()


def test_a_factor_without_weights_is_reported_in_words():
    found = Specimen("toy", ("Si",), counts(1, 32), (0,))
    with pytest.raises(LookupError, match="no weights"):
        methods.ensemble(Task("toy", "obj1", 16, "binned", 1, False), found)


@pytest.mark.parametrize("name", SOURCES)
def test_specimens_hold_what_they_are_scored_on(name):
    data_path(f"xray/{SOURCES[name].folder}")
    found = specimen(name)
    assert found.counts.shape[0] == len(found.channels)
    assert found.scored_channels == SOURCES[name].scored
    assert found.counts.min() >= 0


def test_rivals_repeat_what_was_measured_of_them():
    """Figures of the project's plan: +- 0.02 dB for what holds no draw."""
    data_path("xray/amnh-meteorite-obj1")
    found = specimen("obj1")
    made = trial(TASKS["obj1.binned.x4"], found.counts, found.scored, 0)
    blocks = made.measured[list(found.scored)].astype(float)
    assert psnr(rivals.bicubic(blocks, 4), made).mean() == pytest.approx(25.19, abs=0.02)
    assert psnr(rivals.back_projected(blocks, 4), made).mean() == pytest.approx(25.88, abs=0.02)
    made = trial(TASKS["obj1.point.x2"], found.counts, found.scored, 0)
    points = rivals.bilinear_from_points(made.measured[list(found.scored)].astype(float), 2)
    between = unsampled(found.counts.shape[1:], 2)
    assert psnr(points, made).mean() == pytest.approx(28.30, abs=0.02)
    assert psnr(points, made, between).mean() == pytest.approx(27.05, abs=0.02)
