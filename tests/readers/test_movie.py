"""Frames of a movie, where a person says that they are."""

from pathlib import Path

import imagecodecs
import numpy as np
import pytest
import tifffile

from tests.data import data_path
from workers.readers import ReadError, read
from workers.readers.phases import cut_where_fewest
from workers.readers.summary import summarise
from workers.store import read_measurement, write_measurement

MOVIE = {"content": "movie"}


def test_pages_of_a_stack_become_frames_in_their_order(tmp_path: Path) -> None:
    frames = np.random.default_rng(0).normal(size=(12, 20, 16)).astype(np.float32)
    tifffile.imwrite(tmp_path / "run.tif", frames)
    movie = read([tmp_path / "run.tif"], MOVIE)
    assert movie.channels[:2] == ("frame 01", "frame 02")
    assert movie.problems == ()
    np.testing.assert_array_equal(movie.values, frames)  # negative numbers too
    assert movie.mask.all()
    write_measurement(tmp_path / "run.zarr", movie)
    again = read_measurement(tmp_path / "run.zarr")
    assert again.content == "movie"
    summary = summarise(again)
    assert (summary["content"], summary["open"], summary["units"]) == ("movie", [], "intensity")


def test_files_of_one_frame_each_make_a_movie_too(tmp_path: Path) -> None:
    for n in range(3):
        np.save(tmp_path / f"f{n}.npy", np.full((1, 9, 9), float(n)))
    movie = read([tmp_path / f"f{n}.npy" for n in range(3)], MOVIE)
    assert movie.values[:, 0, 0].tolist() == [0, 1, 2]


def test_pixels_without_a_number_become_the_middle_of_their_frame(tmp_path: Path) -> None:
    frames = np.ones((2, 10, 10), np.float32)
    frames[1] = 5
    frames[1, 3, 3] = np.nan
    np.save(tmp_path / "gap.npy", frames)
    movie = read([tmp_path / "gap.npy"], MOVIE)
    assert movie.values[1, 3, 3] == 5
    assert "hold no number" in movie.problems[-1].what


def test_frames_of_two_sizes_are_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.ones((2, 10, 10)))
    np.save(tmp_path / "b.npy", np.ones((2, 10, 12)))
    with pytest.raises(ReadError, match="has 10 × 12 pixels, the first 10 × 10"):
        read([tmp_path / "a.npy", tmp_path / "b.npy"], MOVIE)


@pytest.mark.parametrize(
    "layout",
    [
        {"shape": (20, 20, 3), "planarconfig": "contig"},
        {"shape": (3, 20, 20), "planarconfig": "separate"},
    ],
    ids=["pixel by pixel", "plane by plane"],
)
def test_colours_of_a_photo_are_no_measurement(layout: dict, tmp_path: Path) -> None:
    photo = np.zeros(layout.pop("shape"), np.uint8)
    tifffile.imwrite(tmp_path / "photo.tif", photo, photometric="rgb", **layout)
    with pytest.raises(ReadError, match=r"colours of a photo are not a measurement.* in grey"):
        read([tmp_path / "photo.tif"], MOVIE)


@pytest.mark.parametrize("name", ["PNG", "JPEG"])
def test_pictures_for_the_eye_are_refused_with_what_to_export(name: str, tmp_path: Path) -> None:
    encode = {"PNG": imagecodecs.png_encode, "JPEG": imagecodecs.jpeg_encode}[name]
    (tmp_path / "frame").write_bytes(encode(np.zeros((20, 20, 3), np.uint8)))
    with pytest.raises(ReadError, match=rf"This is a {name}, .* Export .* in grey, as TIFF"):
        read([tmp_path / "frame"], MOVIE)


def test_scans_of_a_probe_give_the_frames_of_their_phase() -> None:
    files = [data_path(f"microscopy/pfm-ferroelectric/PZT_final000{n}.h5") for n in (1, 2, 3)]
    movie = read(files, MOVIE)
    assert movie.values.shape == (3, 256, 256)
    assert movie.pixel_size_um == pytest.approx(2 / 256, rel=0.01)
    assert any("frames are those of PhaseRetrace" in each.what for each in movie.problems)
    skipped = {
        row["name"]: "skip"
        for row in movie.provenance["files"]
        if not row["name"].endswith("/AmplitudeRetrace")
    }
    other = read(files, MOVIE | {"channels": skipped})
    assert other.values.shape == (3, 256, 256)
    assert np.abs(other.values).max() < 1  # volts or metres, not degrees


def test_spectra_on_a_grid_are_refused_with_a_sentence() -> None:
    with pytest.raises(ReadError, match="holds no image"):
        read([data_path("microscopy/pfm-ferroelectric/BEPS_PTO_50x50.h5")], MOVIE)


def test_phases_are_cut_where_fewest_pixels_lie() -> None:
    rng = np.random.default_rng(3)
    true = np.where(rng.random((3, 40, 40)) < 0.5, -85.0, 100.0) + rng.normal(0, 12, (3, 40, 40))
    written = ((true + 90) % 360 - 90).astype(np.float32)  # −90 to 270: some −85 become 265
    assert written.max() > 250
    cut, [note] = cut_where_fewest(written)
    assert np.abs(np.exp(1j * np.radians(cut)) - np.exp(1j * np.radians(true))).max() < 1e-4
    assert np.ptp(cut) < 280
    assert "360° higher or lower" in note.what
    again, notes = cut_where_fewest(cut)
    assert (again == cut).all()
    assert notes == []


def test_phases_of_a_real_film_say_so() -> None:
    folder = data_path("microscopy/pfm-ferroelectric")
    movie = read([folder / f"PZT_final000{n}.h5" for n in (1, 2, 3)], MOVIE)
    assert summarise(movie)["quantity"] == "PhaseRetrace"
    assert any("cut where fewest pixels lie" in problem.what for problem in movie.problems)
    assert np.ptp(movie.values) <= 360


def test_small_numbers_are_not_rounded_away(tmp_path: Path) -> None:
    heights = 1e-9 * np.random.default_rng(4).uniform(1, 2, (3, 9, 9))
    np.save(tmp_path / "heights.npy", heights)
    [first, *_] = summarise(read([tmp_path / "heights.npy"], MOVIE))["per_channel"].values()
    assert first["mean"] == pytest.approx(heights[0].mean(), rel=1e-5)
    assert first["p999"] > 1.5e-9
