"""HyperSpy files: pictures are read, everything else is left out in a sentence."""

from pathlib import Path

import h5py
import numpy as np
import pytest

from tests.factories import hyperspy
from workers.readers import ReadError, read

MOVIE = {"content": "movie"}
FRAMES = np.random.default_rng(0).normal(size=(5, 20, 24)).astype(np.float32)


def test_stack_of_pictures_is_a_movie(tmp_path: Path) -> None:
    path = hyperspy.write(tmp_path / "run.hspy", hyperspy.signal(FRAMES))
    movie = read([path], MOVIE)
    np.testing.assert_array_equal(movie.values, FRAMES)
    assert movie.pixel_size_um == pytest.approx(0.02e-3)
    assert movie.provenance["format"] == "HyperSpy"
    assert [row["name"] for row in movie.provenance["files"]][:2] == ["run.hspy#1", "run.hspy#2"]


def test_one_picture_is_called_by_its_title(tmp_path: Path) -> None:
    path = hyperspy.write(tmp_path / "map.hspy", hyperspy.signal(FRAMES[0], "Si Ka"))
    assert read([path]).channels == ("Si",)


def test_map_summed_from_spectra_is_a_picture(tmp_path: Path) -> None:
    summed = hyperspy.signal(FRAMES[0], "Fe Ka", signal_axes=0)
    assert read([hyperspy.write(tmp_path / "map.hspy", summed)]).channels == ("Fe",)


@pytest.mark.parametrize(
    ("units", "um"), [("nm", 1e-3), ("um", 1), ("µm", 1), ("m", 1e6), ("Å", 1e-4), ("pm", 1e-6)]
)
def test_pixel_size_is_read_in_every_unit_of_length(units: str, um: float, tmp_path: Path) -> None:
    written = hyperspy.signal(FRAMES, scale=0.5, units=units)
    movie = read([hyperspy.write(tmp_path / "run.hspy", written)], MOVIE)
    assert movie.pixel_size_um == pytest.approx(0.5 * um)


def test_reciprocal_length_is_no_pixel_size(tmp_path: Path) -> None:
    written = hyperspy.signal(FRAMES, units="1/nm")
    assert read([hyperspy.write(tmp_path / "run.hspy", written)], MOVIE).pixel_size_um is None


def test_spectra_beside_pictures_are_left_out_with_a_note(tmp_path: Path) -> None:
    path = hyperspy.write(
        tmp_path / "both.hspy",
        hyperspy.signal(FRAMES[0], "HAADF"),
        hyperspy.signal(FRAMES[1], "BF"),
        hyperspy.signal(FRAMES, "EELS", signal_axes=1),
    )
    movie = read([path], MOVIE)
    names = {row["name"] for row in movie.provenance["files"]}
    assert names == {"both.hspy/BF", "both.hspy/HAADF"}
    assert "Left out: 1 dataset of spectra" in movie.problems[0].what


@pytest.mark.parametrize(
    "other",
    [
        hyperspy.signal(FRAMES, signal_axes=1),
        hyperspy.signal(np.ones((3, 3, 16, 16), np.float32)),
        hyperspy.signal(FRAMES.astype(np.complex64)),
        hyperspy.signal(np.zeros((20, 24), [("R", "u1"), ("G", "u1"), ("B", "u1")])),
    ],
    ids=["spectra", "diffraction patterns", "complex", "colours"],
)
def test_what_is_no_picture_is_refused_with_a_sentence(other: dict, tmp_path: Path) -> None:
    path = hyperspy.write(tmp_path / "other.hspy", other)
    with pytest.raises(ReadError, match=r"holds no picture: .* Save a picture or a stack"):
        read([path], MOVIE)


def test_declared_sizes_are_refused_before_they_are_read(tmp_path: Path) -> None:
    path = hyperspy.write(tmp_path / "run.hspy", hyperspy.signal(FRAMES))
    with h5py.File(path, "a") as file:
        group = file["Experiments/HAADF"]
        del group["data"]
        group.create_dataset("data", (1000, 4096, 4096), "f4", chunks=(1, 64, 64))
    with pytest.raises(ReadError, match=r"declares 1,000 × 4,096 × 4,096 values"):
        read([path], MOVIE)
