"""A store in a bucket reads as the same store in a folder does, byte for byte."""

import shutil
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from tests.factories import run_store
from tests.factories.measurements import counts
from tests.factories.objects import ObjectServer
from workers.store import (
    MeasurementStore,
    ObjectPlace,
    RunStore,
    StoreError,
    Unreachable,
    content_hash,
    objects,
    places,
    read_measurement,
    write_measurement,
)
from workers.store.carrying import bring, carry_up


def go_on(done: float) -> None:
    """What a carrier calls when nobody wants it to stop."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("here") / "run.zarr"
    run_store.write_run(path, run_store.draw_specimen(), samples=2)
    return path


@pytest.fixture
def carried(folder: Path, place: ObjectPlace) -> ObjectPlace:
    """The same run in the bucket."""
    carry_up(folder, place / "run.zarr", step=go_on, patience=0)
    return place / "run.zarr"


def test_a_run_in_a_bucket_has_the_hash_of_its_folder(folder: Path, carried: ObjectPlace) -> None:
    assert carried.files() == places.files(folder)
    assert content_hash(carried) == content_hash(folder)


def test_pictures_samples_and_tables_are_those_of_the_folder(
    folder: Path, carried: ObjectPlace
) -> None:
    here, there = RunStore(folder), RunStore(carried)
    assert there.attributes == here.attributes
    for name in ("estimate", "mask", "samples/1"):
        assert there.levels(name) == here.levels(name)
        np.testing.assert_array_equal(there.image(name)[:], here.image(name)[:])
    part = ("risk", 1, 8, 4, 20, 30)
    np.testing.assert_array_equal(there.window(*part), here.window(*part))
    for name, column in here.table("features").items():
        np.testing.assert_array_equal(there.table("features")[name], column)


def test_a_measurement_is_read_from_a_bucket(tmp_path: Path, place: ObjectPlace) -> None:
    written = counts(seed=3)
    digest = write_measurement(tmp_path / "map.zarr", written)
    carry_up(tmp_path / "map.zarr", place / "map.zarr", step=go_on, patience=0)
    assert content_hash(place / "map.zarr") == digest
    found = read_measurement(place / "map.zarr")
    np.testing.assert_array_equal(found.values, written.values)
    assert found.channels == written.channels


def test_what_is_brought_back_is_what_was_carried(
    folder: Path, carried: ObjectPlace, tmp_path: Path
) -> None:
    bring(carried, tmp_path / "back", step=go_on, patience=0)
    assert content_hash(tmp_path / "back") == content_hash(folder)


def test_large_files_go_in_parts(
    place: ObjectPlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    least = 5 * 1024**2  # that S3 takes as a part
    monkeypatch.setattr(objects, "PART", least)
    monkeypatch.setattr(objects, "COPIED_AT_ONCE", least)
    large = np.random.default_rng(1).bytes(2 * least + 7)
    (tmp_path / "large").mkdir()
    (tmp_path / "large" / "c0").write_bytes(large)
    carry_up(tmp_path / "large", place / "large", step=go_on, patience=0)
    places.move(place / "large", place / "moved")
    assert not (place / "large").exists()
    assert b"".join((place / "moved" / "c0").pieces()) == large
    assert content_hash(place / "moved") == content_hash(tmp_path / "large")


def test_what_is_not_there_is_told_as_of_a_folder(place: ObjectPlace) -> None:
    with pytest.raises(StoreError, match="no readable run in the folder"):
        RunStore(place / "gone.zarr")
    with pytest.raises(FileNotFoundError):
        (place / "gone").read_bytes()
    assert not (place / "gone").exists()
    places.remove(place / "gone")


def test_removing_a_store_leaves_its_neighbour(folder: Path, place: ObjectPlace) -> None:
    for name in ("1.zarr", "1.zarr-other"):
        carry_up(folder, place / name, step=go_on, patience=0)
    places.remove(place / "1.zarr")
    assert place.children() == ["1.zarr-other"]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}, "does not answer"),
        ({"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}, "No credentials"),
    ],
)
def test_a_store_that_cannot_be_reached_is_not_taken_for_one_that_is_gone(
    place: ObjectPlace, monkeypatch: pytest.MonkeyPatch, changes: dict[str, str], sentence: str
) -> None:
    for name, value in changes.items():
        monkeypatch.setenv(name, value)
    objects.client_of.cache_clear()
    with pytest.raises(Unreachable, match=sentence) as found:
        MeasurementStore(place / "map.zarr")
    assert "127.0.0.1" not in str(found.value)


def test_a_bucket_that_does_not_exist_is_named_as_such(place: ObjectPlace) -> None:
    with pytest.raises(Unreachable, match="no such bucket"):
        RunStore(ObjectPlace("nobody-made-it", "x"))


def test_carrying_waits_for_a_store_that_comes_back(
    folder: Path, place: ObjectPlace, server: ObjectServer
) -> None:
    server.line.cut()
    threading.Timer(3.0, server.line.mend).start()
    carry_up(folder, place / "run.zarr", step=go_on, patience=30)
    assert content_hash(place / "run.zarr") == content_hash(folder)


def test_carrying_gives_up_when_its_patience_ends(
    folder: Path, place: ObjectPlace, server: ObjectServer
) -> None:
    server.line.cut()
    with pytest.raises(Unreachable, match="does not answer"):
        carry_up(folder, place / "run.zarr", step=go_on, patience=1)


def test_carrying_stops_when_it_is_told_to(
    folder: Path, place: ObjectPlace, server: ObjectServer
) -> None:
    class Enough(Exception): ...

    def stop(done: float) -> None:
        raise Enough

    server.line.cut()
    began = time.monotonic()
    with pytest.raises(Enough):
        carry_up(folder, place / "run.zarr", step=stop, patience=300)
    assert time.monotonic() - began < 30


def test_a_file_that_went_on_the_way_is_not_called_carried(
    folder: Path, place: ObjectPlace, tmp_path: Path
) -> None:
    shutil.copytree(folder, tmp_path / "run.zarr")
    (place / "run.zarr" / "stray").write_bytes(b"of an earlier try")
    with pytest.raises(Unreachable, match="did not keep what it was given"):
        carry_up(tmp_path / "run.zarr", place / "run.zarr", step=go_on, patience=0)
