"""The synthetic minerals: the same for a seed, closed to 100 wt%, zoned, and countable."""

import numpy as np
import pytest

from workers.training.minerals import scene
from workers.training.minerals.fields import noise, oscillation
from workers.training.minerals.phases import PHASES, SYMBOLS, Palette, weight_percent
from workers.training.minerals.scene import concentrations
from workers.training.minerals.styles import STYLES, Canvas, accidents, lay_out

SIZE = 96


def made(seed: int):
    return scene(np.random.default_rng(seed), SIZE)


def test_scene_is_the_same_for_a_seed():
    first, again, other = made(3), made(3), made(4)
    assert first.channels == again.channels
    assert np.array_equal(first.rate, again.rate)
    assert np.array_equal(first.guide, again.guide)
    assert first.rate.shape != other.rate.shape or not np.array_equal(first.rate, other.rate)


@pytest.mark.parametrize("seed", range(6))
def test_scene_keeps_its_promises(seed):
    found = made(seed)
    assert 6 <= len(found.channels) <= 12
    assert len(set(found.channels)) == len(found.channels)
    assert found.rate.shape == (len(found.channels), SIZE, SIZE)
    assert found.rate.dtype == found.guide.dtype == np.float32
    assert np.isfinite(found.rate).all()
    assert (found.rate > 0).all()
    assert 0 <= found.guide.min() < found.guide.max() <= 255


def test_mean_counts_span_what_real_maps_span():
    means = np.concatenate([made(seed).rate.mean((1, 2)) for seed in range(24)])
    assert means.min() > 0.2
    assert means.max() < 14000
    assert np.quantile(means, 0.1) < 5 < 200 < np.quantile(means, 0.9)


def test_formula_gives_textbook_weights():
    forsterite = dict(zip(SYMBOLS, weight_percent("Mg2SiO4"), strict=True))
    assert forsterite["Mg"] == pytest.approx(34.55, abs=0.01)
    assert forsterite["Si"] == pytest.approx(19.96, abs=0.01)
    assert forsterite["O"] == pytest.approx(45.49, abs=0.01)


def test_every_phase_closes_to_100():
    palette = Palette(np.random.default_rng(0))
    for name in PHASES:
        palette.draw(name)
    palette.between(0, 5)
    for compositions in (palette.core, palette.rim):
        assert np.sum(compositions, axis=1) == pytest.approx(100)
        assert np.min(compositions) >= 0


@pytest.mark.parametrize("style", STYLES, ids=lambda style: style.__name__)
def test_every_rock_closes_before_counts_and_is_zoned(style):
    rng = np.random.default_rng(1)
    canvas = Canvas(rng, 2 * SIZE, Palette(rng))
    style(canvas)
    accidents(canvas)
    wt, eta = concentrations(canvas, np.arange(len(SYMBOLS)))
    assert wt.sum(0) == pytest.approx(100, abs=0.01)
    assert wt.min() > -1e-4
    assert (eta > 0).all()
    commonest = np.bincount(canvas.phase.ravel()).argmax()
    assert np.ptp(np.clip(canvas.t, 0, 1)[canvas.phase == commonest]) > 0.02


def test_oscillations_reach_below_a_coarse_pixel():
    distance = np.tile(np.arange(256, dtype=np.float32), (2, 1))
    periods = []
    for seed in range(40):
        wave = oscillation(np.random.default_rng(seed), distance)[0]
        crossings = np.count_nonzero(np.diff(wave > 0.5))
        periods.append(2 * 256 / max(crossings, 1) / 2)  # fine pixels: the grid is twice as fine
    assert min(periods) < 4
    assert max(periods) > 8


def test_few_scenes_are_mostly_flat_polygons():
    """At most half of the area may look like flat cells: no change at all within 3 x 3 pixels."""
    flat = []
    for seed in range(16):
        canvas = lay_out(np.random.default_rng(seed), 2 * SIZE)
        value = canvas.phase + np.clip(canvas.t, 0, 1)
        steps = np.abs(np.diff(value, axis=0))[:, :-1] + np.abs(np.diff(value, axis=1))[:-1]
        flat.append((steps < 1e-3).mean())
    assert np.mean(flat) < 0.5


def test_noise_is_standardised():
    field = noise(np.random.default_rng(0), (64, 48), 2.0)
    assert field.shape == (64, 48)
    assert field.mean() == pytest.approx(0, abs=1e-5)
    assert field.std() == pytest.approx(1, abs=1e-4)


def test_a_tiny_scene_is_refused_in_words():
    with pytest.raises(ValueError, match="at least 32"):
        scene(np.random.default_rng(0), 16)
