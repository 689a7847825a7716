"""What is written is what was known, under the numbers the events came with."""

import csv

import h5py
import numpy as np
import pytest

from tests.factories import events
from workers.writers.events import FineEvents, write_hdf5, write_tables


def answer(**changed: object) -> FineEvents:
    made = events.showers(count=3)
    samples = made.truth[:, None] * np.linspace(0.8, 1.2, 5, dtype=np.float32)[:, None]
    particles = {
        "event": np.array([40, 42]),
        "x": np.array([1.5, -20.0]),
        "y": np.array([0.0, 7.0]),
        "energy": np.array([5e3, 2e4]),
        "risk": np.array([0.02, 0.4]),
    }
    parts = {
        "event": np.array([40, 41, 42]),
        "samples": samples,
        "number": np.array([[0.1, 0.9], [0.5, 0.5], [0, 1]], np.float32),
        "particles": particles,
        "geometry": made.geometry,
    }
    return FineEvents(**parts | changed)


def rows_of(path) -> list[dict[str, str]]:
    with path.open() as file:
        return list(csv.DictReader(file))


def test_hdf5_holds_everything_that_is_known(tmp_path):
    made = answer()
    write_hdf5(tmp_path / "a.h5", made)
    with h5py.File(tmp_path / "a.h5") as file:
        assert np.array_equal(file["event"], made.event)
        assert np.array_equal(file["samples"], made.samples)
        assert np.array_equal(file["number"], made.number)
        assert np.array_equal(file["particles/risk"], made.particles["risk"])
        assert np.array_equal(file["cells/x"], made.geometry.fine.x)
        assert np.array_equal(file["cells/parent"], made.geometry.parent)
        assert file["samples"].attrs["unit"] == "MeV"


def test_a_file_that_is_there_is_not_written_over(tmp_path):
    (tmp_path / "a.h5").write_bytes(b"mine")
    with pytest.raises(FileExistsError):
        write_hdf5(tmp_path / "a.h5", answer())
    assert (tmp_path / "a.h5").read_bytes() == b"mine"


def test_tables_are_keyed_by_event(tmp_path):
    made = answer()
    write_tables(tmp_path / "t", made)
    cells = rows_of(tmp_path / "t" / "cells.csv")
    assert {row["event"] for row in cells} == {"40", "41", "42"}
    one = cells[len(cells) // 2]
    truth = made.samples[made.event.tolist().index(int(one["event"])), 2, int(one["cell"])]
    assert float(one["mean"]) == pytest.approx(truth, rel=1e-4)
    assert float(one["lower"]) == pytest.approx(0.82 * truth, rel=1e-3)
    assert float(one["upper"]) == pytest.approx(1.18 * truth, rel=1e-3)
    assert len(cells) == (made.samples.max(axis=1) > 0).sum()
    numbers = rows_of(tmp_path / "t" / "number.csv")
    assert numbers[0] == {"event": "40", "p0": "0.1", "p1": "0.9"}
    particles = rows_of(tmp_path / "t" / "particles.csv")
    assert [row["risk"] for row in particles] == ["0.02", "0.4"]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"samples": np.zeros((3, 5, 7), np.float32)}, "samples of"),
        ({"number": np.full((3, 2), 0.4)}, "do not add up to 1"),
        ({"particles": {}}, "have the columns event, x, y, energy, risk"),
        ({"event": np.array([1, 41, 42])}, "in event 40, which is not there"),
    ],
)
def test_parts_that_do_not_fit_are_refused(changed, said):
    with pytest.raises(ValueError, match=said):
        answer(**changed)
