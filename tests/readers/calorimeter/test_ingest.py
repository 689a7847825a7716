"""From uploaded files to a measurement in the store, by the same way as maps."""

import zipfile

import pytest

from tests.factories import event_files, events
from tests.readers.test_process import ingest
from workers import readers, store
from workers.events import Events


def test_a_table_becomes_a_measurement_that_is_ready(tmp_path):
    made = events.showers(count=5)
    files = [
        event_files.event_table(tmp_path / "events.csv", made),
        event_files.cell_table(tmp_path / "cells.csv", made),
    ]
    reply = ingest(tmp_path / "to", files)
    assert (reply["state"], reply["problems"]) == ("ready", [])
    summary = reply["summary"]
    assert summary["content"] == "events"
    assert (summary["events"], summary["cells"], summary["fine_cells"]) == (5, 192, 3072)
    assert [layer["sigma_mev"] for layer in summary["layers"]] == [13, 34, 41]
    assert sum(layer["energy_share"] for layer in summary["layers"]) == pytest.approx(1, abs=1e-3)
    assert summary["has_truth"]
    assert [row["name"] for row in summary["files"]] == ["events.csv", "cells.csv"]
    kept = store.read_measurement(tmp_path / "to" / "out.zarr", Events)
    assert kept.energy == pytest.approx(made.energy, rel=1e-5)


def test_a_zip_is_read_and_a_file_may_be_left_out(tmp_path):
    path = event_files.single_table(tmp_path / "e.csv", events.showers(count=2))
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as packed:
        packed.write(path, "mine/e.csv")
    found = readers.read([tmp_path / "all.zip"])
    assert isinstance(found, Events)
    assert found.provenance["format"] == "table"
    both = [path, event_files.calogan(tmp_path / "s.h5")]
    with pytest.raises(readers.ReadError, match="several sets"):
        readers.read(both)
    left = readers.read(both, {"channels": {"e.csv": "skip"}, "factor": 4})
    assert left.provenance["format"] == "CaloGAN"


def test_a_refusal_names_the_file_as_it_was_uploaded(tmp_path):
    path = tmp_path / "broken.csv"
    path.write_text("event,layer,x,y,width,height,energy,sigma\n1,0,0,0,1,1,nan,20\n")
    reply = ingest(tmp_path / "to", [path])
    assert reply["state"] == "refused"
    (problem,) = reply["problems"]
    assert problem["where"] == "broken.csv, line 2"
    assert "is no number" in problem["what"]
    assert not (tmp_path / "to" / "out.zarr").exists()
