import numpy as np
import pytest

from tests.readers import files
from workers import readers
from workers.readers.dispersion import dispersion, variance_factor
from workers.readers.video import looks_like_video


def test_oxide_percentages_are_wt_percent(tmp_path):
    generator = np.random.default_rng(0)
    maps = {
        name: generator.normal(mean, 0.3, files.SHAPE)
        for name, mean in (("SiO2", 50), ("Al2O3", 30), ("CaO", 15), ("BaO", 0.1))
    }
    measurement = readers.read(files.xmaptools(tmp_path, maps))
    assert measurement.channels == ("Si", "Al", "Ca", "Ba")
    assert measurement.units == "wt%"
    assert measurement.provenance["open"] == []
    assert any("not counts" in p.what for p in measurement.problems)


def test_fractions_of_unknown_meaning_are_asked_about(tmp_path):
    maps = {element: plane * 7.3 for element, plane in files.specimen().items()}
    paths = files.xmaptools(tmp_path, maps)
    measurement = readers.read(paths)
    assert measurement.provenance["open"] == ["units"]
    told = readers.read(paths, {"units": "intensity"})
    assert told.provenance["open"] == []
    assert told.units == "intensity"


def test_fractions_called_counts_are_warned_of(tmp_path):
    maps = {element: plane * 7.3 for element, plane in files.specimen().items()}
    told = readers.read(files.xmaptools(tmp_path, maps), {"units": "counts"})
    assert told.units == "counts"
    assert any("not whole numbers" in p.what for p in told.problems)


def test_smoothed_whole_numbers_are_not_counts(tmp_path):
    maps = {element: np.rint(plane * 9) for element, plane in files.specimen().items()}
    measurement = readers.read(files.xmaptools(tmp_path, maps))
    assert measurement.units == "intensity"
    assert any("Poisson" in p.what for p in measurement.problems)


@pytest.mark.parametrize("mean", [0.3, 3, 30, 700])
def test_poisson_counts_have_a_factor_of_one(mean):
    counts = np.random.default_rng(3).poisson(mean, (200, 200)).astype(float)
    assert variance_factor(counts, np.ones(counts.shape, bool)) == pytest.approx(1, abs=0.12)


def test_dead_time_lowers_the_factor():
    generator = np.random.default_rng(3)
    # Counts with 0.7 of the Poisson variance: a binomial of success 0.3.
    counts = generator.binomial(1000, 0.3, (200, 200)).astype(float)
    assert variance_factor(counts, np.ones(counts.shape, bool)) == pytest.approx(0.7, abs=0.08)


def test_edges_and_gradients_do_not_raise_the_factor():
    generator = np.random.default_rng(3)
    y, x = np.mgrid[:256, :256]
    mean = 100 + 0.3 * x + 400 * ((y // 40 + x // 50) % 2)
    counts = generator.poisson(mean).astype(float)
    assert variance_factor(counts, np.ones(counts.shape, bool)) == pytest.approx(1, abs=0.12)


def test_unmeasured_pixels_do_not_count():
    counts = np.random.default_rng(3).poisson(50, (120, 120)).astype(float)
    mask = np.ones(counts.shape, bool)
    counts[::7], mask[::7] = 0, False
    assert variance_factor(counts, mask) == pytest.approx(1, abs=0.15)


def test_map_without_a_flat_place_has_no_dispersion():
    assert np.isnan(dispersion(np.ones((8, 8)), np.zeros((8, 8), bool)))
    rough = np.random.default_rng(0).uniform(0, 1e5, (60, 60))
    assert variance_factor(rough, np.ones(rough.shape, bool)) == 1.0


def test_counts_are_no_video():
    counts = np.random.default_rng(0).poisson(300, (100, 100)).astype(np.float32)
    assert not looks_like_video(counts)


def test_video_with_a_ceiling_is_seen():
    signal = np.random.default_rng(0).normal(1200, 500, (100, 100))
    assert looks_like_video(np.clip(signal, 0, 2040).astype(np.float32))
