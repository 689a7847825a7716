"""Igor waves of atomic force microscopes: images, their layers, and what is no image."""

import struct
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest

from tests.factories import igor
from workers.readers import ReadError, read

MOVIE = {"content": "movie"}
QUANTITIES = ("HeightRetrace", "AmplitudeRetrace", "PhaseRetrace", "ZSensorRetrace")
SCAN = np.random.default_rng(0).normal(size=(24, 20, 4)).astype(np.float32)  # (x, y, layer)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("kind", ["f4", "f8", "i2", "u2", "i4"])
def test_wave_of_two_axes_is_a_picture(order: str, kind: str, tmp_path: Path) -> None:
    wave = (100 * SCAN[:, :, 0] + 500).astype(kind)
    movie = read([igor.write(tmp_path / "scan.ibw", wave, order=order)], MOVIE)
    np.testing.assert_array_equal(movie.values[0], wave.T.astype(np.float32))
    assert movie.pixel_size_um == pytest.approx(0.02)
    assert movie.provenance["format"] == "Igor"


def test_waves_of_one_quantity_are_all_frames(tmp_path: Path) -> None:
    paths = [igor.write(tmp_path / f"{n}.ibw", SCAN[:, :, n]) for n in range(3)]
    movie = read(paths, MOVIE)
    np.testing.assert_array_equal(movie.values, np.moveaxis(SCAN, 2, 0)[:3].transpose(0, 2, 1))


def test_scans_of_several_quantities_give_the_frames_of_their_phase(tmp_path: Path) -> None:
    paths = [igor.write(tmp_path / f"s{n}.ibw", SCAN + n, QUANTITIES) for n in range(3)]
    movie = read(paths, MOVIE)
    np.testing.assert_array_equal(movie.values[1], SCAN[:, :, 2].T + 1)
    chosen = "holds 4 quantities; frames are those of PhaseRetrace"
    assert any(chosen in each.what for each in movie.problems)
    names = [row["name"] for row in movie.provenance["files"]]
    assert names[:4] == [f"s0.ibw/{quantity}" for quantity in QUANTITIES]
    others = {name: "skip" for name in names if not name.endswith("/AmplitudeRetrace")}
    amplitude = read(paths, MOVIE | {"channels": others})
    np.testing.assert_array_equal(amplitude.values[1], SCAN[:, :, 1].T + 1)


def test_layers_without_labels_are_frames(tmp_path: Path) -> None:
    movie = read([igor.write(tmp_path / "run.ibw", SCAN)], MOVIE)
    assert len(movie.channels) == 4
    assert [row["name"] for row in movie.provenance["files"]][:2] == ["run.ibw#1", "run.ibw#2"]


def test_picture_lies_as_the_same_scan_in_nsid(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "scan.h5", "w") as file:
        name = "Measurement_000/Channel_0/Channel_0/Channel_0"
        file[name] = SCAN[:, :, 0]
        file[name].attrs["data_type"], file[name].attrs["quantity"] = "IMAGE", "HeightRetrace"
    wave = igor.write(tmp_path / "scan.ibw", SCAN[:, :, 0])
    of_both = read([tmp_path / "scan.h5", wave], MOVIE)
    np.testing.assert_array_equal(of_both.values[0], of_both.values[1])


def test_unit_that_is_no_length_gives_no_pixel_size(tmp_path: Path) -> None:
    wave = igor.write(tmp_path / "scan.ibw", SCAN[:, :, 0], unit="s")
    assert read([wave], MOVIE).pixel_size_um is None


@pytest.mark.parametrize("order", ["<", ">"])
def test_curve_of_version_2_is_left_out(order: str, tmp_path: Path) -> None:
    curve = igor.write_version_2(tmp_path / "curve.ibw", np.arange(300.0), order=order)
    with pytest.raises(ReadError, match="version 2, which has one axis: a curve"):
        read([curve], MOVIE)
    scan = igor.write(tmp_path / "scan.ibw", SCAN[:, :, 0])
    assert len(read([curve, scan], MOVIE).channels) == 1


@pytest.mark.parametrize(
    "wave",
    [np.ones(50, np.float32), np.ones((9, 9, 2, 2), np.float32), np.ones((9, 9), np.complex64)],
    ids=["curve", "four axes", "complex"],
)
def test_wave_that_is_no_picture_is_refused(wave: np.ndarray, tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="it is no picture"):
        read([igor.write(tmp_path / "wave.ibw", wave)], MOVIE)


def test_force_curves_are_no_map(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="3 × 1000 pixels"):
        read([igor.write(tmp_path / "force.ibw", np.ones((1000, 3), np.float32))], MOVIE)


def test_wave_that_was_cut_off_says_by_how_much(tmp_path: Path) -> None:
    path = igor.write(tmp_path / "scan.ibw", SCAN, QUANTITIES)
    whole = path.read_bytes()
    for length in (400, 4000, len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(ReadError, match=r"declares 8,26\d bytes and holds .* cut off"):
            read([path], MOVIE)


@pytest.mark.parametrize(
    ("at", "values", "words"),
    [
        (132, (2**30, 2**30), "1,073,741,824 × 1,073,741,824 pixels"),
        (132, (4096, 4096, 900), "declares 900 × 4,096 × 4,096 values"),
        (132, (9, 9, 5000), "5,000 pictures; a movie may have up to 1,024 frames"),
        (12, (2**31 - 1,), "notes and labels declare"),
        (12, (-5,), "notes and labels declare"),
        (4, (2**31 - 1,), "cut off"),
    ],
)
def test_declared_sizes_are_refused_before_igor2_sees_them(
    at: int, values: tuple[int, ...], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = igor.write(tmp_path / "scan.ibw", SCAN, QUANTITIES)
    head = bytearray(path.read_bytes()[:384])
    struct.pack_into(f"<{len(values)}i", head, at, *values)
    checked = igor.checked(bytes(head[:64]), bytes(head[64:]))
    path.write_bytes(checked + head[64:] + path.read_bytes()[384:])
    monkeypatch.setitem(sys.modules, "igor2.binarywave", None)
    with pytest.raises(ReadError, match=words):
        read([path], MOVIE)


def test_without_igor2_it_says_how_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = igor.write(tmp_path / "scan.ibw", SCAN)
    monkeypatch.setitem(sys.modules, "igor2.binarywave", None)
    with pytest.raises(ReadError, match=r"pip install fiducial\[igor\]"):
        read([path], MOVIE)
