"""Faults of pixels: each detected, shown, and handled or refused."""

import numpy as np
import pytest

from tests.readers import files
from workers import readers


def read(tmp_path, maps, corrections=None, write=files.xmaptools):
    return readers.read(write(tmp_path, maps), corrections)


def found(measurement, words):
    return next(p for p in measurement.problems if words in p.what)


def test_unmeasured_region_is_masked(tmp_path):
    maps = files.specimen()
    for plane in maps.values():
        plane[30:, 5:] = 0
    measurement = read(tmp_path, maps)
    expected = np.ones(files.SHAPE, bool)
    expected[30:, 5:] = False
    np.testing.assert_array_equal(measurement.mask, expected)
    assert found(measurement, "the beam was not there").where == "rows 31 to 40, columns 6 to 48"


def test_faint_map_keeps_its_honest_zeros(tmp_path):
    generator = np.random.default_rng(0)
    faint = generator.poisson(0.2, files.SHAPE).astype(np.float32)
    assert read(tmp_path, {"Sr": faint}).mask.all()


def test_rows_never_scanned_are_masked_in_a_faint_map_too(tmp_path):
    faint = np.random.default_rng(0).poisson(0.7, files.SHAPE).astype(np.float32)
    faint[35:] = 0
    mask = read(tmp_path, {"Sr": faint}).mask
    assert not mask[35:].any()
    assert mask[:35].all()


def test_nan_pixels_are_masked_and_zero(tmp_path):
    maps = files.specimen()
    maps["Fe"][3, 4:9] = np.nan
    measurement = read(tmp_path, maps)
    assert (~measurement.mask).sum() == 5
    assert (measurement.values[:, 3, 4:9] == 0).all()
    assert found(measurement, "hold no number").where == "Fe (0.3%)"


def test_negative_values_become_zero_and_are_not_counts(tmp_path):
    maps = files.specimen()
    maps["Mg"][0, 0] = -3
    measurement = read(tmp_path, maps)
    assert measurement.units == "intensity"
    assert (measurement.values >= 0).all()
    assert measurement.mask.all()
    assert "down to -3" in found(measurement, "negative").where


def test_hot_pixel_is_masked_and_reported_with_its_value(tmp_path):
    maps = files.specimen()
    maps["Si"][7, 9] = 5000
    measurement = read(tmp_path, maps)
    assert np.argwhere(~measurement.mask).tolist() == [[7, 9]]
    assert found(measurement, "spikes").where == "Si 5000 at row 8, column 10"


def test_bright_grain_of_two_pixels_is_no_fault(tmp_path):
    maps = files.specimen()
    maps["Si"][7, 9:11] = 5000
    assert read(tmp_path, maps).mask.all()


def test_bright_grain_of_one_pixel_is_kept_when_another_element_gives_way(tmp_path):
    """Coarse maps of the meteorite hold metal grains of one pixel, in which silicon is missing."""
    maps = files.specimen()
    maps["Fe"][7, 9] = 5000
    maps["Si"][7, 9] = 0
    assert read(tmp_path, maps).mask.all()


def test_a_spike_in_two_channels_at_once_is_no_grain(tmp_path):
    maps = files.specimen()
    maps["Fe"][7, 9] = maps["Si"][7, 9] = 5000
    assert np.argwhere(~read(tmp_path, maps).mask).tolist() == [[7, 9]]


def test_values_cut_off_at_eight_bits_are_told(tmp_path):
    maps = {e: np.minimum(p * 5, 255) for e, p in files.specimen().items()}
    assert found(read(tmp_path, maps), "exactly 255").severity == "warning"


def test_mismatched_size_is_refused_by_name(tmp_path):
    maps = files.specimen()
    maps["Fe"] = np.vstack([maps["Fe"], maps["Fe"][:3]])
    with pytest.raises(readers.ReadError) as refusal:
        read(tmp_path, maps)
    assert refusal.value.problem.where == "Fe.txt"
    assert "43 × 48 pixels, the others have 40 × 48" in refusal.value.problem.what
    assert read(tmp_path, maps, {"channels": {"Fe.txt": "skip"}}).channels == ("Si", "Mg")


def test_empty_channel_is_left_out(tmp_path):
    maps = files.specimen()
    maps["Fe"][:] = 0
    measurement = read(tmp_path, maps)
    assert measurement.channels == ("Si", "Mg")
    assert found(measurement, "Every pixel of Fe is 0").where == "Fe.txt"


def test_all_zero_counts_are_refused(tmp_path):
    maps = {element: np.zeros(files.SHAPE) for element in files.ELEMENTS}
    with pytest.raises(readers.ReadError, match="nothing was counted"):
        read(tmp_path, maps)


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (7, 7)])
def test_map_too_small_is_refused(tmp_path, shape):
    np.save(tmp_path / "Si.npy", np.ones(shape))
    with pytest.raises(readers.ReadError, match="at least 8 × 8"):
        readers.read([tmp_path / "Si.npy"])


def test_one_number_in_a_text_is_a_map_of_one_pixel(tmp_path):
    (tmp_path / "Si.txt").write_text("5\n")
    with pytest.raises(readers.ReadError, match="1 × 1 pixels"):
        readers.read([tmp_path / "Si.txt"])
