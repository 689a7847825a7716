import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import zarr

from tests.factories import run_store
from workers import store

ROOT = Path(__file__).parents[2]


def new_run(path: Path, *, pixels=(4, 4), samples=0, **provenance) -> store.RunWriter:
    return store.RunWriter(
        path,
        channels=["Si"],
        measured_shape=pixels,
        shape=pixels,
        samples=samples,
        provenance=provenance,
    )


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("store") / "run.zarr"
    run_store.write_run(path, run_store.draw_specimen(shape=(75, 90)), samples=2)
    return path


def test_run_reads_back_what_was_written(run):
    specimen = run_store.draw_specimen(shape=(75, 90))
    opened = store.RunStore(run)
    assert opened.channels == ("Si", "Fe", "Ca")
    assert opened.provenance["factor"] == 4
    assert opened.provenance["schema_version"] == 1
    assert opened.summary["per_channel"]["Si"]["limited_by"] == "resolution"
    np.testing.assert_array_equal(opened.image("measured")[:], specimen.counts)
    np.testing.assert_array_equal(opened.image("mask")[:], specimen.mask)
    assert opened.sample(1).shape == (3, 300, 360)
    assert opened.image("risk").dtype == np.float32


def test_window_is_clipped_at_the_edge(run):
    opened = store.RunStore(run)
    whole = opened.image("estimate")[:]
    np.testing.assert_array_equal(
        opened.window("estimate", 2, 256, 256, 256, 256), whole[2, 256:, 256:]
    )
    np.testing.assert_array_equal(
        opened.window("mask", 0, 0, 0, 10, 10), opened.image("mask")[:10, :10]
    )


@pytest.mark.parametrize("where", [(3, 0, 0), (-1, 0, 0), (0, 300, 0), (0, 0, -4)])
def test_window_outside_the_picture_is_refused(run, where):
    with pytest.raises(store.StoreError, match="lies outside estimate"):
        store.RunStore(run).window("estimate", *where, 8, 8)


def test_what_was_opened_is_not_shown_once_it_is_removed_or_written_anew(tmp_path):
    for value in (1.0, 2.0):
        writer = new_run(tmp_path / "run")
        writer.image("estimate", np.full((1, 4, 4), value, np.float32))
        writer.close({})
        seen = store.RunStore(tmp_path / "run")
        assert seen.window("estimate", 0, 0, 0, 4, 4).max() == value
        shutil.rmtree(tmp_path / "run")
        with pytest.raises(FileNotFoundError):
            seen.window("estimate", 0, 0, 0, 4, 4)


def test_levels_are_block_means_down_to_256_pixels(run):
    opened = store.RunStore(run)
    assert opened.levels("estimate") == 2
    assert opened.levels("measured") == 1
    fine, half = opened.image("estimate")[:], opened.image("estimate", 1)[:]
    expected = run_store.block_mean(fine, 2)
    np.testing.assert_allclose(half, expected, rtol=1e-5)


def test_odd_edge_of_a_level_is_the_mean_of_the_pixels_there(tmp_path):
    values = np.arange(257 * 300, dtype=np.float32).reshape(1, 257, 300)
    with new_run(tmp_path / "r", pixels=(257, 300)) as writer:
        writer.image("estimate", values)
        writer.close({})
    half = store.RunStore(tmp_path / "r").image("estimate", 1)[:]
    assert half.shape == (1, 129, 150)
    np.testing.assert_allclose(half[0, -1], values[0, -1].reshape(150, 2).mean(1))


def test_chunks_are_tiles_and_a_file_holds_many(run):
    array = store.RunStore(run).image("estimate")
    assert array.chunks == (1, 256, 256)
    assert array.shards == (3, 512, 512)
    assert len([f for f in (run / "estimate" / "0").rglob("*") if f.is_file()]) == 2


def test_tau_stands_beside_the_risk(run):
    opened = store.RunStore(run)
    tau = zarr.open_group(run / "risk", mode="r").attrs["tau"]
    assert tau == [opened.summary["per_channel"][element]["tau"] for element in opened.channels]


def test_table_keeps_its_columns(run):
    features = store.RunStore(run).table("features")
    assert set(features) == {
        "channel", "y", "x", "scale", "amplitude", "risk", "visibility", "share",
        "presence", "step", "dwell",
    }  # fmt: skip
    assert features["channel"].dtype == np.int32


def test_empty_table_stays_a_table(tmp_path):
    with new_run(tmp_path / "r", seed=np.int64(3), nothing=float("nan")) as writer:
        writer.table("features", {"channel": np.array([], np.int32), "risk": np.array([])})
        writer.close({})
    opened = store.RunStore(tmp_path / "r")
    assert opened.table("features")["risk"].shape == (0,)
    assert opened.provenance["seed"] == 3
    assert opened.provenance["nothing"] is None


def test_columns_that_differ_in_length_are_refused(tmp_path):
    with (
        new_run(tmp_path / "r") as writer,
        pytest.raises(ValueError, match="differ in length"),
    ):
        writer.table("features", {"y": np.zeros(3), "x": np.zeros(2)})


def test_a_run_being_written_shows_the_pictures_that_are_whole(tmp_path):
    with pytest.raises(store.StoreError, match="Nothing of r"):
        store.RunPreview(tmp_path / "r")
    with new_run(tmp_path / "r", samples=2) as writer:
        writer.image("estimate", np.ones((1, 4, 4), np.float32))
        writer.sample(0, np.full((1, 4, 4), 2, np.float32))
        preview = store.RunPreview(tmp_path / "r")
        assert preview.samples == 1
        assert preview.window("samples/0", 0, 0, 0, 4, 4).max() == 2
        assert not preview.has("samples/1")
        writer.sample(1, np.ones((1, 4, 4), np.float32))
        writer.close({})
    assert not list((tmp_path / "r").glob(".*"))


def test_unfinished_run_leaves_nothing(tmp_path):
    def interrupted() -> None:
        with new_run(tmp_path / "r", samples=1) as writer:
            writer.image("estimate", np.ones((1, 4, 4), np.float32))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert list(tmp_path.iterdir()) == []


def test_missing_samples_are_no_finished_run(tmp_path):
    writer = new_run(tmp_path / "r", samples=2)
    writer.sample(0, np.ones((1, 4, 4), np.float32))
    with pytest.raises(store.StoreError, match="1 of the announced samples"):
        writer.close({})
    assert list(tmp_path.iterdir()) == []


def test_existing_run_is_never_overwritten(run):
    before = store.content_hash(run)
    with pytest.raises(store.StoreError, match="exists already"):
        run_store.write_run(run, run_store.draw_specimen(), samples=1)
    assert store.content_hash(run) == before


FILL_THE_DISK = """
import resource, sys
from pathlib import Path
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
from tests.factories import run_store
from workers.store import StoreError
try:
    run_store.write_run(Path(sys.argv[1]), run_store.draw_specimen(), samples=2)
except StoreError as sentence:
    print(sentence)
"""


def test_full_disk_gets_a_sentence_and_leaves_no_half_run(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", FILL_THE_DISK, tmp_path / "run.zarr"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout.startswith("There is no room left on the disk for run.zarr"), done.stderr
    assert list(tmp_path.iterdir()) == []


def test_same_run_written_twice_has_the_same_hash(tmp_path):
    specimen = run_store.draw_specimen(shape=(8, 8))
    first = run_store.write_run(tmp_path / "a", specimen, samples=1)
    assert run_store.write_run(tmp_path / "b", specimen, samples=1) == first
    assert store.content_hash(tmp_path / "b") == first


def test_hash_is_that_of_the_listing_sha256sum_prints(run):
    command = (
        r"find . -type f -printf '%P\n' | LC_ALL=C sort | xargs sha256sum | sha256sum | cut -c-64"
    )
    printed = subprocess.run(
        command, shell=True, cwd=run, capture_output=True, text=True, check=True
    )
    assert printed.stdout.strip() == store.content_hash(run)
