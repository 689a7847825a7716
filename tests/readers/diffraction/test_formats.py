import hashlib
import json

import h5py
import numpy as np
import pytest
import tifffile

from tests.data import data_path
from tests.factories import scan_files, scans
from workers import readers
from workers.readers.diffraction.aperture import probe_of
from workers.readers.summary import summarise
from workers.scan import DiffractionScan
from workers.volume import Volume

REAL = (
    "diffraction/siemens-star-aps/siemens-star-aps.npz",
    "diffraction/rotavirus-cryo-electron/rotavirus-blockA.cxi",
)


def hold_to_contract(paths, told=None) -> DiffractionScan:
    """What docs/contracts.md promises of any scan that a reader returns."""
    scan = readers.read(paths, told)
    assert isinstance(scan, DiffractionScan)
    for problem in scan.problems:
        assert problem.where
        assert problem.severity in ("question", "warning", "note")
        assert problem.what.endswith(".")
        assert problem.do.endswith(".")
    hashes = {hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}
    assert {row["sha256"] for row in scan.provenance["files"]} == hashes
    summary = summarise(scan)
    assert json.loads(json.dumps(summary)) == summary
    assert str(paths[0].parent) not in json.dumps(summary)
    if scan.probe is not None:
        power = (np.abs(scan.probe) ** 2).sum()
        assert power == pytest.approx(scan.frames.sum() / len(scan.frames), rel=1e-4)
    return scan


def test_an_aperture_becomes_a_probe_that_fills_its_disc():
    wide = probe_of(64, 1e7, 2e-12, 2e-4, 0.0)
    blurred = probe_of(64, 1e7, 2e-12, 2e-4, -1e-5)
    disc = [np.abs(np.fft.fft2(np.fft.ifftshift(each[0]))) > 1e-3 for each in (wide, blurred)]
    np.testing.assert_array_equal(*disc)
    assert disc[0].sum() == pytest.approx(np.pi * 10**2, rel=0.05)
    assert np.abs(wide).max() > np.abs(blurred).max()
    with pytest.raises(ValueError, match="radius of 50 pixels in a frame of 64"):
        probe_of(64, 1e7, 2e-12, 1e-3, 0.0)


@pytest.mark.parametrize("write", scan_files.WRITERS, ids=lambda write: write.__name__)
def test_written_scan_reads_back_as_it_was(write, tmp_path):
    frames, at, _ = scans.counted()
    told = {"position_unit": "px"} if write in scan_files.UNSTATED else {}
    scan = hold_to_contract(write(tmp_path), told)
    np.testing.assert_array_equal(scan.frames, frames)
    assert scan.frames.dtype == np.uint16
    np.testing.assert_allclose(scan.positions, at, atol=1e-6)
    assert scan.provenance["open"] == []
    assert scan.convention["geometry"]["right"]
    assert scan.variance_factor == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("name", REAL)
def test_real_scan_holds_the_contract(name):
    scan = hold_to_contract([data_path(name)])
    assert scan.provenance["open"] == []
    assert scan.probe is not None
    assert scan.convention["geometry"]["right"]


def test_what_a_cxi_file_states_becomes_pixels_of_the_object(tmp_path):
    scan = readers.read(scan_files.cxi(tmp_path))
    assert scan.energy_ev == pytest.approx(scan_files.ENERGY_EV)
    assert scan.pixel_nm == pytest.approx(1e9 * scan_files.PIXEL_M)


def test_electrons_of_a_real_file_light_several_pixels():
    scan = readers.read([data_path(REAL[1])])
    assert scan.variance_factor == pytest.approx(2, abs=0.1)
    assert scan.pixel_nm == pytest.approx(0.465)


def test_rocking_curve_is_one_where_a_person_says_so():
    path = data_path("diffraction/bcdi-34idc/Staff20-1a_S0054_crop.tif")
    volume = readers.read([path], {"content": "volume"})
    assert isinstance(volume, Volume)
    np.testing.assert_array_equal(volume.frames, tifffile.imread(path))
    summary = summarise(volume)
    assert (summary["content"], summary["frames"], summary["shape"]) == ("volume", 121, [128, 128])


def test_units_that_a_file_does_not_say_are_asked(tmp_path):
    scan = readers.read(scan_files.mat_5(tmp_path))
    assert scan.provenance["open"] == ["position_unit"]
    [asked] = [each for each in scan.problems if each.severity == "question"]
    assert "does not say in which unit" in asked.what


def test_dropped_frames_are_matched_by_their_numbers(tmp_path):
    frames, at, probe = scans.counted()
    kept = np.delete(np.arange(196), [3, 50, 51])
    np.savez(tmp_path / "s.npz", data=frames[kept], scan=at, probe=probe, frame_index=kept)
    scan = readers.read([tmp_path / "s.npz"])
    np.testing.assert_array_equal(scan.index, kept)
    np.testing.assert_allclose(scan.positions, at[kept])
    assert any("3 of 196 places have no frame" in each.what for each in scan.problems)


def test_empty_frames_are_left_out_by_number(tmp_path):
    frames, at, probe = scans.counted()
    frames[[0, 7]] = 0
    np.savez(tmp_path / "s.npz", data=frames, scan=at, probe=probe)
    scan = readers.read([tmp_path / "s.npz"])
    assert len(scan.frames) == 194
    assert scan.index[0] == 1
    assert any("left out: 0, 7." in each.what for each in scan.problems)


def test_other_numbers_of_frames_and_places_are_refused(tmp_path):
    frames, at, _ = scans.counted()
    np.savez(tmp_path / "s.npz", data=frames, scan=at[:-2])
    with pytest.raises(readers.ReadError, match="196 frames and 194 places"):
        readers.read([tmp_path / "s.npz"])


def test_pixels_that_do_not_count_are_masked(tmp_path):
    frames, at, _ = scans.counted()
    held = frames.astype(np.float32)
    held[:, 5, 6] = np.nan
    held[:, 9, 9] = -1
    np.savez(tmp_path / "s.npz", data=held, scan=at)
    scan = readers.read([tmp_path / "s.npz"])
    assert not scan.mask[5, 6]
    assert not scan.mask[9, 9]
    assert (~scan.mask).sum() == 2
    assert scan.frames.dtype == np.uint16


def test_frames_that_are_not_square_are_cropped_about_zero_frequency(tmp_path):
    frames, at, _ = scans.counted()
    wide = np.pad(np.fft.fftshift(frames, (1, 2)), ((0, 0), (0, 0), (4, 4)))
    tifffile.imwrite(tmp_path / "f.tif", wide)
    np.savetxt(tmp_path / "p.csv", at, header="row (px) column (px)", comments="")
    scan = readers.read([tmp_path / "f.tif", tmp_path / "p.csv"], {"position_unit": "px"})
    np.testing.assert_array_equal(scan.frames, frames)
    assert any("not square: 32 × 40" in each.what for each in scan.problems)


def test_a_probe_is_left_out_aloud_where_its_frames_were_cropped(tmp_path):
    frames, at, probe = scans.counted()
    wide = np.pad(np.fft.fftshift(frames, (1, 2)), ((0, 0), (0, 0), (4, 4)))
    np.savez(
        tmp_path / "s.npz",
        diffraction=np.fft.ifftshift(wide, (1, 2)),
        scan_px=at.astype(np.float32),
        probe=np.pad(probe[0], ((0, 0), (4, 4))),
    )
    scan = readers.read([tmp_path / "s.npz"])
    assert scan.probe is None
    [said] = [each for each in scan.problems if "probe" in each.what]
    assert said.severity == "warning"
    assert "32 × 40 pixels, which were cropped to 32 × 32" in said.what


@pytest.mark.parametrize("half", [0, 1])
def test_half_of_a_pair_is_refused_with_what_is_missing(half, tmp_path):
    path = scan_files.ptychodus(tmp_path)[half]
    with pytest.raises(readers.ReadError, match="without"):
        readers.read([path])


def test_links_into_other_files_are_never_followed(tmp_path):
    [path] = scan_files.cxi(tmp_path)
    with h5py.File(path, "a") as file:
        file["entry_1/more"] = h5py.ExternalLink("secret.h5", "/a")
    with pytest.raises(readers.ReadError, match="never followed"):
        readers.read([path])


def test_frames_of_a_terabyte_are_refused_before_they_are_made(tmp_path):
    [path] = scan_files.cxi(tmp_path)
    with h5py.File(path, "a") as file:
        detector = file["entry_1/instrument_1/detector_1"]
        del detector["data"]
        detector.create_dataset("data", (2**20, 1024, 1024), "u1", chunks=(1, 1024, 1024))
    with pytest.raises(readers.ReadError, match="It declares"):
        readers.read([path])


def test_objects_of_python_in_an_npz_are_never_opened(tmp_path):
    frames, at, _ = scans.counted()
    np.savez(tmp_path / "s.npz", data=frames, scan=at, probe=np.array([{}], object))
    with pytest.raises(readers.ReadError, match="was not opened"):
        readers.read([tmp_path / "s.npz"])


@pytest.mark.parametrize("write", [scan_files.mat_5, scan_files.tiff_and_table])
def test_file_that_was_cut_off_gets_a_sentence(write, tmp_path):
    path = write(tmp_path)[0]
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(readers.ReadError, match=r"cut off|no stack of equal pages"):
        readers.read([path, *tmp_path.glob("*.csv")], {"content": "scan"})
