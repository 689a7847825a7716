"""Movies of hundreds of frames, where maps of a field are at most 64."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
import tifffile

from tests.readers.test_process import ingest
from workers.readers import ReadError, gathering, limits, read
from workers.store import read_measurement

MOVIE = {"content": "movie"}
FRAMES = np.random.default_rng(0).normal(size=(200, 48, 40)).astype(np.float32)


def test_stack_of_200_pages_becomes_a_movie_in_the_reading_process(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "run.tif", FRAMES)
    reply = ingest(tmp_path / "to", [tmp_path / "run.tif"], corrections=MOVIE)
    assert reply["state"] == "ready"
    assert reply["summary"]["channels"][::199] == ["frame 001", "frame 200"]
    assert len(reply["summary"]["files"]) == 200
    np.testing.assert_array_equal(read_measurement(tmp_path / "to/out.zarr").values, FRAMES)


def test_so_many_maps_of_one_field_are_refused_and_a_movie_is_proposed(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "run.tif", FRAMES)
    with pytest.raises(
        ReadError,
        match=r"There are 200 maps; .* frames of a movie, or of diffraction, say so below",
    ):
        read([tmp_path / "run.tif"])


def test_numpy_stack_of_upright_frames_is_not_turned(tmp_path: Path) -> None:
    np.save(tmp_path / "run.npy", FRAMES)  # the last axis is the shortest, as of (h, w, c)
    np.testing.assert_array_equal(read([tmp_path / "run.npy"], MOVIE).values, FRAMES)


def test_every_file_is_hashed_once_whatever_it_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed = []
    real = gathering.File.sha256
    monkeypatch.setattr(gathering.File, "sha256", lambda file: hashed.append(file) or real(file))
    tifffile.imwrite(tmp_path / "run.tif", FRAMES)
    movie = read([tmp_path / "run.tif"], MOVIE)
    assert len(hashed) == 1
    digest = hashlib.sha256((tmp_path / "run.tif").read_bytes()).hexdigest()
    assert {row["sha256"] for row in movie.provenance["files"]} == {digest}


def test_frames_beyond_the_limit_are_refused(tmp_path: Path) -> None:
    half = np.ones((limits.MAX_FRAMES // 2 + 1, 8, 8), np.float32)
    for name in "ab":
        np.save(tmp_path / f"{name}.npy", half)
    with pytest.raises(ReadError, match=r"There are 1,026 frames; a movie may have up to 1,024"):
        read([tmp_path / "a.npy", tmp_path / "b.npy"], MOVIE)
    tifffile.imwrite(tmp_path / "long.tif", np.ones((limits.MAX_FRAMES + 1, 8, 8), np.float32))
    with pytest.raises(ReadError, match=r"more than 1,024 pages"):
        read([tmp_path / "long.tif"], MOVIE)


def test_frames_share_the_limit_of_values(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_VALUES", FRAMES.size // 2)
    tifffile.imwrite(tmp_path / "run.tif", FRAMES)
    with pytest.raises(ReadError, match=r"declares 200 × 48 × 40 values"):
        read([tmp_path / "run.tif"], MOVIE)
