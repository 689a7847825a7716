"""An electron image beside the maps: on their grid, finer by a whole number, or set aside."""

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.readers import files
from workers import readers, store
from workers.measurement import MAX_GUIDE_FACTOR
from workers.readers.summary import summarise

HEIGHT, WIDTH = files.SHAPE
SIZES = "40 × 48, 80 × 96, 120 × 144, 160 × 192, 200 × 240, 240 × 288, 280 × 336 or 320 × 384"


def read(folder, shape, resolution=None):
    """The measurement of the drawn specimen beside an electron image of `shape`."""
    image = np.random.default_rng(0).integers(0, 255, shape).astype(np.uint8)
    options = {} if resolution is None else {"imagej": True, "metadata": {"unit": "um"}}
    tifffile.imwrite(folder / "BSE.tif", image, resolution=resolution, **options)
    paths = files.tiffs(folder, files.specimen())
    return readers.read([*paths, folder / "BSE.tif"]), image


def found(measurement, words):
    return next(p for p in measurement.problems if words in p.what)


@settings(max_examples=25, deadline=None)
@given(
    down=st.integers(1, MAX_GUIDE_FACTOR + 1),
    across=st.integers(1, MAX_GUIDE_FACTOR + 1),
    extra=st.sampled_from([0, 0, 0, -1, 1, 3]),
)
def test_only_a_whole_multiple_of_the_grid_is_kept_and_kept_as_it_is(
    tmp_path_factory, down, across, extra
):
    folder = tmp_path_factory.mktemp("upload")
    measurement, image = read(folder, (down * HEIGHT + extra, across * WIDTH))
    fits = down == across <= MAX_GUIDE_FACTOR and extra == 0
    summary = summarise(measurement)
    assert summary["shape"] == [HEIGHT, WIDTH]
    assert (summary["has_guide"], summary["guide_factor"]) == (fits, down if fits else None)
    if fits:
        np.testing.assert_array_equal(measurement.guide, image)
        store.write_measurement(folder / "m", measurement)
        again = store.read_measurement(folder / "m")
        np.testing.assert_array_equal(again.guide, image)
        assert again.mask.shape == (HEIGHT, WIDTH)
    else:
        assert measurement.guide is None


@pytest.mark.parametrize("shape", [(20, 24), (161, 192), (161, 193), (80, 144), (360, 432)])
def test_other_sizes_are_left_out_and_the_fitting_ones_named(tmp_path, shape):
    measurement, _ = read(tmp_path, shape)
    assert measurement.guide is None
    said = found(measurement, f"electron image has {shape[0]} × {shape[1]} pixels")
    assert (said.severity, said.where) == ("warning", "BSE.tif")
    assert "the maps have 40 × 48" in said.what
    assert SIZES in said.do
    rows = {row["name"]: row["channel"] for row in measurement.provenance["files"]}
    assert rows["BSE.tif"] == "skip"


def test_a_finer_image_is_told_to_be_taken_for_the_same_field(tmp_path):
    measurement, _ = read(tmp_path, (160, 192))
    assert measurement.guide_factor == 4
    assert found(measurement, "4 × 4 pixels on each pixel of the maps").severity == "note"
    assert measurement.provenance["open"] == []


def test_pixels_of_a_finer_image_are_counted_in_those_of_the_maps(tmp_path):
    measurement, _ = read(tmp_path, (160, 192), resolution=(2.0, 2.0))  # half a micrometre each
    assert measurement.pixel_size_um == 2.0


def test_pixel_size_of_an_image_that_is_left_out_says_nothing_of_the_maps(tmp_path):
    measurement, _ = read(tmp_path, (161, 192), resolution=(2.0, 2.0))
    assert measurement.pixel_size_um is None
    assert "pixel_size_um" not in measurement.provenance["acquisition"]


def test_finer_image_of_another_field_contradicts_the_maps(tmp_path):
    stack = files.imagej_stack(tmp_path, files.specimen())  # pixels of half a micrometre
    image = np.random.default_rng(0).integers(0, 255, (160, 192)).astype(np.uint8)
    metadata = {"unit": "um"}
    tifffile.imwrite(tmp_path / "BSE.tif", image, imagej=True, resolution=(2, 2), metadata=metadata)
    measurement = readers.read([*stack, tmp_path / "BSE.tif"])
    assert measurement.pixel_size_um is None
    said = found(measurement, "do not agree about the pixel size")
    assert said.where == "stack.tif: 0.5; BSE.tif, 4 pixels: 2"


def test_an_image_on_the_grid_of_the_maps_needs_no_word(tmp_path):
    measurement, _ = read(tmp_path, files.SHAPE)
    assert measurement.guide_factor == 1
    assert not any("electron image" in problem.what for problem in measurement.problems)


def test_masked_pixels_of_the_maps_leave_the_image_whole(tmp_path):
    maps = files.specimen()
    for plane in maps.values():
        plane[30:, 5:] = 0
    image = np.full((80, 96), 7, np.uint8)
    tifffile.imwrite(tmp_path / "BSE.tif", image)
    measurement = readers.read([*files.tiffs(tmp_path, maps), tmp_path / "BSE.tif"])
    assert not measurement.mask.all()
    np.testing.assert_array_equal(measurement.guide, image)
