import json

import numpy as np
import pytest
import zarr

from tests.factories import run_store
from workers import store
from workers.measurement import Measurement, Problem


def test_measurement_reads_back_as_it_was(tmp_path):
    written = Measurement(
        channels=("Si",),
        values=np.arange(12, dtype=np.float32).reshape(1, 3, 4),
        mask=np.arange(12).reshape(3, 4) > 2,
        units="wt%",
        guide=np.ones((3, 4), np.float32),
        pixel_size_um=0.5,
        sampling="point",
        problems=(Problem("note", "Si.txt", "One pixel is hot.", "Nothing; it was kept."),),
        provenance={"format": "text", "files": [{"name": "Si.txt", "sha256": "ab"}]},
    )
    digest = store.write_measurement(tmp_path / "m", written)
    assert digest == store.content_hash(tmp_path / "m")
    read = store.read_measurement(tmp_path / "m")
    for fact in ("channels", "units", "pixel_size_um", "dwell_ms", "sampling", "problems"):
        assert getattr(read, fact) == getattr(written, fact)
    assert read.provenance == written.provenance
    for array in ("values", "mask", "guide"):
        np.testing.assert_array_equal(getattr(read, array), getattr(written, array))


def test_measurement_without_guide_has_none(tmp_path):
    values = np.ones((1, 3, 4), np.float32)
    store.write_measurement(tmp_path / "m", Measurement(("Si",), values, values[0] > 0, "counts"))
    assert store.read_measurement(tmp_path / "m").guide is None
    assert store.MeasurementStore(tmp_path / "m").names == ("measured", "mask")


@pytest.mark.parametrize("pixel_um", [None, 2.0])
def test_finer_guide_keeps_its_pixels_and_says_how_it_lies_on_the_maps(tmp_path, pixel_um):
    values = np.ones((1, 3, 5), np.float32)
    guide = np.arange(12 * 20, dtype=np.float32).reshape(12, 20)
    written = Measurement(("Si",), values, values[0] > 0, "counts", guide, pixel_um)
    store.write_measurement(tmp_path / "m", written)
    read = store.read_measurement(tmp_path / "m")
    np.testing.assert_array_equal(read.guide, guide)
    assert (read.guide_factor, read.pixel_size_um) == (4, pixel_um)
    fine = 0.25 * pixel_um if pixel_um else 1.0
    for name, step in (("guide", 1), ("measured", 4), ("mask", 4)):
        attributes = zarr.open_group(tmp_path / "m" / name, mode="r").attrs["ome"]
        scale, shift = attributes["multiscales"][0]["datasets"][0]["coordinateTransformations"]
        assert scale["scale"][-2:] == [fine * step] * 2
        assert shift["translation"][-2:] == [fine * (step - 1) / 2] * 2


@pytest.mark.parametrize("shape", [(2, 3), (13, 20), (6, 15), (27, 45)])
def test_guide_that_is_no_whole_multiple_is_refused(shape):
    values = np.ones((1, 3, 5), np.float32)
    with pytest.raises(ValueError, match="a guide of"):
        Measurement(("Si",), values, values[0] > 0, "counts", np.ones(shape, np.float32))


def test_newer_schema_is_told_in_a_sentence(tmp_path):
    run_store.write_measurement(tmp_path / "m", run_store.draw_specimen(shape=(4, 4)))
    document = tmp_path / "m" / "zarr.json"
    facts = json.loads(document.read_text())
    facts["attributes"]["fiducial"]["schema_version"] = 2
    document.write_text(json.dumps(facts))
    with pytest.raises(store.StoreError, match=r"newer version of Fiducial \(schema 2"):
        store.read_measurement(tmp_path / "m")


def test_measurement_is_no_run(tmp_path):
    run_store.write_measurement(tmp_path / "m", run_store.draw_specimen(shape=(4, 4)))
    with pytest.raises(store.StoreError, match="holds measurement, not a run"):
        store.RunStore(tmp_path / "m")


def test_missing_folder_is_told_in_a_sentence(tmp_path):
    with pytest.raises(store.StoreError, match="no readable run in the folder gone"):
        store.RunStore(tmp_path / "gone")


def test_picture_names_from_outside_stay_inside(tmp_path):
    run_store.write_measurement(tmp_path / "m", run_store.draw_specimen(shape=(4, 4)))
    with pytest.raises(store.StoreError, match="no picture named"):
        store.MeasurementStore(tmp_path / "m").window("../m/mask", 0, 0, 0, 4, 4)
