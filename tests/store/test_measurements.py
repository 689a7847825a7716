import json

import numpy as np
import pytest

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
