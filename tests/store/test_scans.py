from dataclasses import fields

import numpy as np
import pytest
import zarr

from tests.factories import run_store, scans
from workers import store
from workers.measurement import Measurement, Problem
from workers.scan import DiffractionScan
from workers.volume import Volume


def same(one, other) -> None:
    assert type(one) is type(other)
    for each in fields(one):
        a, b = getattr(one, each.name), getattr(other, each.name)
        np.testing.assert_array_equal(a, b, err_msg=each.name)
        if isinstance(a, np.ndarray):
            assert a.dtype == b.dtype


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"probe": None, "mask": None},
        {"propagation": "near", "fresnel": 0.01, "pixel_nm": 12.5, "energy_ev": 8800.0},
        {"problems": (Problem("note", "a.npz", "Two frames are missing.", "Nothing."),)},
    ],
    ids=["whole", "bare", "near field", "with a problem"],
)
def test_scan_reads_back_as_it_was(changed, tmp_path):
    written = scans.scan(**changed)
    digest = store.write_measurement(tmp_path / "m", written)
    assert digest == store.content_hash(tmp_path / "m")
    same(store.read_measurement(tmp_path / "m"), written)
    same(store.read_measurement(tmp_path / "m", DiffractionScan), written)


def test_volume_reads_back_as_it_was(tmp_path):
    frames = np.random.default_rng(0).poisson(3, (70, 20, 24)).astype(np.uint32)
    written = Volume(frames, step_deg=0.005, provenance={"format": "TIFF"})
    store.write_measurement(tmp_path / "m", written)
    same(store.read_measurement(tmp_path / "m", Volume), written)


def test_frames_are_opened_sixty_four_at_a_time(tmp_path):
    store.write_measurement(tmp_path / "m", scans.scan())
    assert zarr.open_array(tmp_path / "m" / "frames", mode="r").chunks == (64, 32, 32)


def test_mean_frame_is_a_picture_with_zero_frequency_in_its_middle(tmp_path):
    written = scans.scan()
    store.write_measurement(tmp_path / "m", written)
    opened = store.MeasurementStore(tmp_path / "m")
    assert opened.names == ("mean",)
    mean = opened.image("mean")[:]
    assert mean[16, 16] == pytest.approx(written.frames[:, 0, 0].mean())
    assert mean.sum() == pytest.approx(written.frames.sum() / len(written.frames), rel=1e-5)


def test_another_kind_than_asked_for_is_told_in_a_sentence(tmp_path):
    store.write_measurement(tmp_path / "scan", scans.scan())
    run_store.write_measurement(tmp_path / "map", run_store.draw_specimen(shape=(4, 4)))
    with pytest.raises(store.StoreError, match="holds scanned diffraction frames, where maps"):
        store.read_measurement(tmp_path / "scan", Measurement)
    with pytest.raises(store.StoreError, match="where scanned diffraction frames are needed"):
        store.read_measurement(tmp_path / "map", DiffractionScan)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"frames": np.zeros((196, 32, 30), np.uint16)}, "is due"),
        ({"frames": np.zeros((196, 32, 32), np.int64)}, "frames int64"),
        ({"frames": np.full((196, 32, 32), -1, np.float32)}, "below 0"),
        ({"frames": np.full((196, 32, 32), np.nan, np.float32)}, "below 0"),
        ({"positions": np.zeros((195, 2))}, "196 frames at positions"),
        ({"positions": np.full((196, 2), np.nan)}, "not numbers"),
        ({"index": np.zeros(196, np.int64)}, "do not rise"),
        ({"variance_factor": float("nan")}, "variance factor"),
        ({"probe": np.zeros((32, 32), np.complex64)}, "a probe complex64"),
        ({"mask": np.zeros((32, 32), bool)}, "a mask bool"),
        ({"propagation": "near"}, "Fresnel"),
    ],
)
def test_scan_whose_parts_do_not_fit_is_refused(changed, said):
    with pytest.raises(ValueError, match=said):
        scans.scan(**changed)
