from pathlib import Path

import numpy as np
import pytest

from fiducial.viewer import tiles
from tests.factories import run_store
from workers.store import RunStore, StoreError


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> RunStore:
    path: Path = tmp_path_factory.mktemp("store") / "run.zarr"
    run_store.write_run(path, run_store.draw_specimen(shape=(75, 90)), samples=1)
    return RunStore(path)


def values(tile: tiles.Tile) -> np.ndarray:
    return np.frombuffer(tile.data, "<f4").reshape(tile.shape)


def test_tile_holds_the_pixels_of_its_place(store: RunStore) -> None:
    tile = tiles.cut(store, "estimate", 1, 0, 0, 1)
    assert tile.shape == (256, 104)
    np.testing.assert_array_equal(values(tile), store.image("estimate")[1, :256, 256:])


def test_tile_is_nan_where_nothing_was_measured(store: RunStore) -> None:
    mask = np.asarray(store.image("mask")[:], bool)
    for image, step in (("measured", 1), ("estimate", 4)):
        known = ~np.isnan(values(tiles.cut(store, image, 0, 0, 0, 0)))
        expected = mask.repeat(step, 0).repeat(step, 1)[:256, :256]
        np.testing.assert_array_equal(known, expected)


def test_coarser_level_is_masked_by_the_middle_of_its_pixels(store: RunStore) -> None:
    tile = values(tiles.cut(store, "estimate", 0, 1, 0, 0))
    mask = np.asarray(store.image("mask")[:], bool).repeat(2, 0).repeat(2, 1)
    np.testing.assert_array_equal(~np.isnan(tile), mask)


def test_sample_and_mask_have_tiles_too(store: RunStore) -> None:
    assert tiles.cut(store, "samples/0", 2, 0, 1, 1).shape == (44, 104)
    np.testing.assert_array_equal(
        values(tiles.cut(store, "mask", 0, 0, 0, 0)), store.image("mask")[:]
    )


@pytest.mark.parametrize(
    "where", [("estimate", 3, 0, 0, 0), ("estimate", 0, 2, 0, 0), ("estimate", 0, 0, 2, 0)]
)
def test_tile_that_does_not_exist_is_refused(store: RunStore, where: tuple) -> None:
    with pytest.raises(StoreError):
        tiles.cut(store, *where)
