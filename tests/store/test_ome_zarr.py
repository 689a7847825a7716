"""The store read by others: ome-zarr-py, the OME-Zarr models, and plain zarr."""

from pathlib import Path

import numpy as np
import pytest
import zarr
from ome_zarr.io import parse_url
from ome_zarr.reader import Reader
from ome_zarr_models.v05 import Image

from tests.factories import run_store
from workers import store


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("store") / "run.zarr"
    run_store.write_run(path, run_store.draw_specimen(shape=(75, 90)), samples=1)
    return path


@pytest.mark.parametrize("name", ["estimate", "measured", "mask", "samples/0"])
def test_ome_zarr_py_opens_every_level(run, name):
    (node,) = list(Reader(parse_url(str(run / name)))())
    opened = store.RunStore(run)
    assert len(node.data) == opened.levels(name)
    for level, array in enumerate(node.data):
        np.testing.assert_array_equal(np.asarray(array), opened.image(name, level)[:])


@pytest.mark.parametrize("name", ["estimate", "measured", "mask", "samples/0"])
def test_metadata_is_valid_ome_zarr_05(run, name):
    Image.from_zarr(zarr.open_group(run / name, mode="r"))


def test_scales_say_how_estimate_and_measurement_lie_on_each_other(run):
    scales = {
        name: zarr.open_group(run / name, mode="r").attrs["ome"]["multiscales"][0]["datasets"]
        for name in ("estimate", "measured")
    }
    assert scales["estimate"][0]["coordinateTransformations"] == [
        {"type": "scale", "scale": [1.0, 0.5, 0.5]},
        {"type": "translation", "translation": [0.0, 0.0, 0.0]},
    ]
    assert scales["measured"][0]["coordinateTransformations"] == [
        {"type": "scale", "scale": [1.0, 2.0, 2.0]},
        {"type": "translation", "translation": [0.0, 0.75, 0.75]},
    ]


def test_plain_zarr_reads_values_and_facts(run):
    root = zarr.open_group(run, mode="r")
    facts = root.attrs["fiducial"]
    assert (facts["kind"], facts["schema_version"]) == ("run", 1)
    assert root["estimate/0"].shape == (3, 300, 360)
    assert root["tables/features/risk"].ndim == 1
