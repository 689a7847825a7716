"""One contract, held by every reader, on written files of each format and on all real ones."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from tests.data import data_path
from tests.readers import files
from workers import readers
from workers.measurement import Measurement
from workers.readers.elements import SYMBOLS
from workers.readers.summary import summarise

REAL = (
    "amnh-meteorite-obj1",
    "amnh-standards",
    "khufai-ooid-b3",
    "khufai-ooid-e1",
    "stkitts-sk401",
    "stkitts-more/SK392B.npz",
    "gabbro-aztec-csv",
    "format-fixtures/Hitachi_TM3030Plus.bcf",
    "format-fixtures/View000_0000001.map",
    "format-fixtures/Elid2Version4.elid",
)


def hold_to_contract(paths: list[Path]) -> Measurement:
    """What docs/contracts.md promises of any measurement that a reader returns."""
    measurement = readers.read(paths)
    values, mask = measurement.values, measurement.mask
    assert len(set(measurement.channels)) == len(measurement.channels)
    assert set(measurement.channels) <= set(SYMBOLS)
    assert np.isfinite(values).all()
    assert (values >= 0).all()
    assert (values[:, ~mask] == 0).all()
    assert mask.any()
    if measurement.guide is not None:
        assert measurement.guide.dtype == np.float32
        assert np.isfinite(measurement.guide).all()
    for problem in measurement.problems:
        assert problem.where
        assert problem.severity in ("question", "warning", "note")
        assert problem.what.endswith(".")
        assert problem.do.endswith(".")
    rows = measurement.provenance["files"]
    shown = [row["channel"] for row in rows if row["channel"] in SYMBOLS]
    assert sorted(shown) == sorted(measurement.channels)
    hashes = {hashlib.sha256(p.read_bytes()).hexdigest() for p in paths if p.is_file()}
    if not any(path.suffix == ".zip" or path.is_dir() for path in paths):
        assert {row["sha256"] for row in rows} == hashes
    summary = summarise(measurement)
    assert json.loads(json.dumps(summary)) == summary
    assert json.loads(json.dumps(measurement.provenance)) == measurement.provenance
    assert str(paths[0].parent) not in json.dumps(measurement.provenance)
    for facts in summary["per_channel"].values():
        assert 0.4 <= facts["variance_factor"] <= 1.5
        assert facts["p999"] <= facts["max"]
    again = readers.read(paths)
    np.testing.assert_array_equal(again.values, values)
    assert again.problems == measurement.problems
    return measurement


@pytest.mark.parametrize("write", files.WRITERS, ids=lambda write: write.__name__)
def test_written_file_reads_back_as_it_was(write, tmp_path):
    maps = files.specimen()
    measurement = hold_to_contract(write(tmp_path, maps))
    assert sorted(measurement.channels) == sorted(maps)
    for channel, values in zip(measurement.channels, measurement.values, strict=True):
        np.testing.assert_array_equal(values, maps[channel])
    assert measurement.mask.all()
    assert measurement.provenance["open"] == []


@pytest.mark.parametrize("name", REAL)
def test_real_file_holds_the_contract(name):
    path = data_path(f"xray/{name}")
    hold_to_contract(sorted(path.iterdir()) if path.is_dir() else [path])
