"""DigitalMicrograph files: images and stacks are read, and a bad file ends in a sentence."""

import struct
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.factories import gatan
from workers.readers import ReadError, read

MOVIE = {"content": "movie"}
FRAMES = np.random.default_rng(0).integers(0, 4000, (5, 20, 24)).astype(np.int16)
VERSIONS = pytest.mark.parametrize("version", [3, 4])


@VERSIONS
@pytest.mark.parametrize("kind", ["u1", "i2", "u2", "i4", "u4", "f4", "f8"])
def test_stack_of_images_is_a_movie(version: int, kind: str, tmp_path: Path) -> None:
    frames = (FRAMES % 200).astype(kind)
    path = gatan.write(tmp_path / "run.dm", gatan.image(frames), version=version)
    movie = read([path], MOVIE)
    np.testing.assert_array_equal(movie.values, frames)
    assert movie.pixel_size_um == pytest.approx(0.05e-3)
    assert movie.provenance["format"] == "Gatan"
    assert [row["name"] for row in movie.provenance["files"]][:2] == ["run.dm#1", "run.dm#2"]
    assert movie.problems == ()


@VERSIONS
def test_stack_of_more_frames_than_a_spectrum_has_channels_is_no_spectrum(
    version: int, tmp_path: Path
) -> None:
    long = np.random.default_rng(1).integers(0, 9, (12, 80, 90)).astype(np.uint16)
    path = gatan.write(tmp_path / "run.dm", gatan.image(long), version=version)
    assert read([path], MOVIE).values.shape == (12, 80, 90)


@VERSIONS
def test_images_of_one_file_are_called_by_their_titles(version: int, tmp_path: Path) -> None:
    images = gatan.image(FRAMES[0], "Si Ka"), gatan.image(FRAMES[1], "Fe Ka")
    path = gatan.write(tmp_path / "maps.dm4", *images, version=version)
    told = {"maps.dm4/Si Ka": "Si", "maps.dm4/Fe Ka": "Fe"}
    measurement = read([path], {"channels": told, "units": "intensity"})
    assert measurement.channels == ("Si", "Fe")
    np.testing.assert_array_equal(measurement.values[1], FRAMES[1])


def test_pixels_of_a_diffraction_pattern_have_no_length(tmp_path: Path) -> None:
    path = gatan.write(tmp_path / "run.dm3", gatan.image(FRAMES, units="1/nm"))
    assert read([path], MOVIE).pixel_size_um is None


@VERSIONS
@pytest.mark.parametrize(
    "other",
    [
        gatan.image(FRAMES.astype(np.float32), "EELS", format="Spectrum image"),
        gatan.image(FRAMES[0], "EELS", units="eV"),
        gatan.image(FRAMES.astype(np.complex64), "FFT"),
        gatan.colours(FRAMES[0]),
    ],
    ids=["spectrum image", "spectrum", "complex", "colours"],
)
def test_what_is_no_image_is_left_out_in_a_sentence(
    version: int, other: dict, tmp_path: Path
) -> None:
    alone = gatan.write(tmp_path / "other.dm4", other, version=version)
    with pytest.raises(ReadError, match="holds no image: spectra, colours and complex"):
        read([alone], MOVIE)
    beside = gatan.write(tmp_path / "both.dm4", gatan.image(FRAMES), other, version=version)
    movie = read([beside], MOVIE)
    assert len(movie.channels) == len(FRAMES)
    assert "Left out: 1 dataset" in movie.problems[0].what


@VERSIONS
def test_file_that_was_cut_off_says_by_how_much(version: int, tmp_path: Path) -> None:
    path = gatan.write(tmp_path / "run.dm4", gatan.image(FRAMES), version=version)
    whole = path.read_bytes()
    for share in (0.02, 0.3, 0.7, 0.95):
        path.write_bytes(whole[: int(share * len(whole))])
        with pytest.raises(ReadError, match=r"declares [\d,]+ bytes and holds [\d,]+: .*cut off"):
            read([path], MOVIE)


@VERSIONS
def test_length_that_is_not_there_is_no_array(version: int, tmp_path: Path) -> None:
    tags = gatan.image(FRAMES)
    tags["ImageTags"]["Comment"] = gatan.Array(np.zeros(3, np.uint8), declared=2**31 - 1)
    path = gatan.write(tmp_path / "run.dm4", tags, version=version)
    with pytest.raises(ReadError, match="could not make sense of it"):
        read([path], MOVIE)


def test_groups_without_end_finish_in_a_sentence(tmp_path: Path) -> None:
    group = b"\x00\x00" + struct.pack(">I", 1) + struct.pack(">BH", 20, 0)
    (tmp_path / "run.dm3").write_bytes(struct.pack(">III", 3, 0, 1) + group * 5000)
    with pytest.raises(ReadError, match="could not make sense of it"):
        read([tmp_path / "run.dm3"], MOVIE)


def test_without_rosettasciio_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = gatan.write(tmp_path / "run.dm3", gatan.image(FRAMES))
    monkeypatch.setitem(sys.modules, "rsciio.digitalmicrograph", None)
    with pytest.raises(ReadError, match="vendor-formats"):
        read([path], MOVIE)
