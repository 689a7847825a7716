"""Events refined by the networks that ship, in a run and in one call."""

import h5py
import numpy as np
import pytest

from tests.factories import events
from workers import store
from workers.recipes import event_refining
from workers.store import RunStore

COUNT, SAMPLES = 3, 8


@pytest.fixture(scope="module")
def held():
    return events.read(count=COUNT, seed=4)


def test_a_run_says_what_it_found_and_by_which_weights(held, tmp_path):
    store.write_measurement(tmp_path / "measured", held)
    told: list[float] = []
    summary = event_refining.run(
        tmp_path / "measured",
        tmp_path / "run",
        {"samples": SAMPLES, "steps": 5, "distance_mm": 0.0},
        seed=3,
        report=lambda stage, share: told.append(share),
        should_stop=lambda: False,
    )
    assert told == sorted(told)
    assert told[-1] == 1
    assert (summary["events"], summary["samples"], summary["factor"]) == (COUNT, SAMPLES, 4)
    assert summary["consistency"]["worst_sigma"] < 5
    made = RunStore(tmp_path / "run")
    assert set(made.provenance["model"]["weights"]) == {"cell2.safetensors", "cell4.safetensors"}
    assert made.table("steps")
    assert summary["closure"] is None
    with h5py.File(tmp_path / "run" / "events.h5") as file:
        assert np.isfinite(file["samples"][:]).all()


def test_cells_of_two_are_coarsened_once_more_and_recovered(tmp_path):
    store.write_measurement(tmp_path / "measured", events.read(count=COUNT, seed=4, factor=2))
    summary = event_refining.run(
        tmp_path / "measured",
        tmp_path / "run",
        {"samples": SAMPLES, "steps": 5, "distance_mm": 0.0},
        seed=3,
        report=lambda stage, share: None,
        should_stop=lambda: False,
    )
    closed = summary["closure"]
    assert closed["events"] == COUNT
    assert closed["rel_rmse"] < closed["even_rel_rmse"]


def test_one_call_answers_without_a_store_and_alike_for_a_seed(held):
    one, again = (event_refining.refined(held, SAMPLES, seed=1) for _ in range(2))
    assert np.array_equal(one.samples, again.samples)
    assert one.samples.shape == (COUNT, SAMPLES, len(held.geometry.fine))
    energies, kept = held.dense()
    parent = held.geometry.parent
    summed = np.bincount(parent, one.samples[0, 0], len(held.geometry.coarse))
    off = (summed - energies[0]) / held.geometry.sigma
    assert np.abs(off[kept[0]]).max() < 5
