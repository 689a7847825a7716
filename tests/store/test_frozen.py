"""One frozen run per schema version; it must open for ever. Never write these files again."""

import zipfile
from pathlib import Path

import numpy as np
import pytest

from workers import store

FROZEN = Path(__file__).parent / "frozen"
RUN_V1 = "516daac33128fdeecb3ce6c917a7bdcab67d7745dac28e99ab3a85c0cd0d2429"


@pytest.fixture(scope="module")
def v1(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("frozen")
    with zipfile.ZipFile(FROZEN / "v1.zip") as archive:
        archive.extractall(folder)
    return folder


def test_run_of_schema_1_opens_for_ever(v1):
    path = v1 / "run.zarr"
    assert store.content_hash(path) == RUN_V1
    opened = store.RunStore(path)
    assert opened.channels == ("Si", "Fe")
    assert (opened.measured_shape, opened.shape, opened.samples) == ((12, 16), (24, 32), 3)
    assert {"measured", "mask", "estimate", "lower", "upper", "risk"} <= set(opened.names)
    estimate, lower, upper = (opened.image(name)[:] for name in ("estimate", "lower", "upper"))
    assert np.all(lower <= estimate)
    assert np.all(estimate <= upper)
    assert opened.sample(2).shape == (2, 24, 32)
    assert opened.table("features")["risk"].shape == (opened.summary["features"]["count"],)
    assert opened.provenance["recipe"] == "xray-ensemble"


def test_measurement_of_schema_1_opens_for_ever(v1):
    opened = store.read_measurement(v1 / "measurement.zarr")
    assert opened.channels == ("Si", "Fe")
    assert opened.values.shape == (2, 12, 16)
    assert opened.guide is not None
    assert opened.sampling == "binned"
