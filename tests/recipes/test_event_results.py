"""Calorimeter events laid on a grid and back, and what a run on them keeps and says."""

import h5py
import numpy as np
import pytest

from tests.factories import event_runs, events
from workers.assessment.calorimeter.known import taught, told
from workers.events import Cells, Geometry
from workers.physics.calorimeter import planar
from workers.readers.summary import summarise
from workers.recipes import event_words
from workers.recipes.calorimeter import RECIPE
from workers.recipes.event_planes import Plane
from workers.recipes.event_sums import masses
from workers.recipes.parameters import ParameterErrors
from workers.run import RunError
from workers.store import RunStore


def shuffled(geometry: Geometry, rng: np.random.Generator) -> tuple[Geometry, np.ndarray]:
    """The same cells in another order and 50 mm aside; where each fine one was before."""
    coarse, fine = (rng.permutation(len(cells)) for cells in (geometry.coarse, geometry.fine))
    place = np.argsort(coarse)

    def moved(cells: Cells, order: np.ndarray) -> Cells:
        columns = {name: column[order] for name, column in cells.columns().items()}
        return Cells(**columns | {"x": columns["x"] + 50})

    return (
        Geometry(
            moved(geometry.coarse, coarse),
            moved(geometry.fine, fine),
            place[geometry.parent[fine]],
            geometry.sigma[coarse],
        ),
        fine,
    )


@pytest.mark.parametrize("factor", [2, 4])
def test_cells_in_any_order_lie_on_the_same_grid(factor):
    geometry, order = shuffled(planar(factor), np.random.default_rng(0))
    plane = Plane.of(geometry)
    assert (plane.factor, plane.rows, plane.pitch_mm) == (factor, 32 // factor, 36)
    assert plane.middle == pytest.approx((50, 0), abs=1e-3)
    maps = np.arange(3 * 32 * 32, dtype=np.float32).reshape(1, 3, 32, 32)
    assert np.array_equal(plane.cells(maps)[0], order)


def test_energies_lie_where_their_cells_are():
    held = events.read(count=3)
    energies, kept = Plane.of(held.geometry).energies(held, slice(1, 3))
    dense, seen = held.dense()
    assert np.array_equal(energies.reshape(2, -1), dense[1:])
    assert np.array_equal(kept.reshape(2, -1), seen[1:])


def test_other_calorimeters_are_refused_before_and_in_a_run():
    other = events.of_irregular_cells(provenance={"format": "table", "files": [], "open": []})
    with pytest.raises(RunError, match="squares of one size"):
        Plane.of(other.geometry)
    with pytest.raises(ParameterErrors, match="No network was taught"):
        RECIPE.clean({}, summarise(other))
    known = summarise(events.read(count=2))
    assert RECIPE.clean({}, known) == {"samples": 16, "steps": 10, "distance_mm": 0.0}
    assert RECIPE.memory({"samples": 16}, known) > RECIPE.memory({"samples": 8}, known)


def test_a_run_keeps_rows_of_every_event_and_a_file_keyed_by_its_number(tmp_path):
    held = event_runs.write(tmp_path / "run")
    store = RunStore(tmp_path / "run")
    each, cells = store.table("events"), store.table("cells")
    assert each["cells"].sum() == len(cells["mean"])
    first, last = each["first"][2], each["first"][3]
    mine = store.table("cells", first, last)
    assert set(mine["event"]) == {2}
    assert len(store.table("samples", first, last)) == event_runs.SAMPLES
    assert (cells["lower"] <= cells["mean"] * 1.001).all()
    assert (cells["upper"] >= cells["mean"] * 0.999).all()
    stepped = each["first"][event_runs.STEPPED]
    assert {len(column) for column in store.table("steps").values()} == {stepped}
    coarse = store.table("coarse")
    assert np.array_equal(coarse["energy"], held.energy[np.lexsort((held.cell, held.of_cells()))])
    with h5py.File(tmp_path / "run" / "events.h5") as file:
        assert np.array_equal(file["event"], held.event)
        assert file["samples"].shape == (6, event_runs.SAMPLES, 3072)
        assert np.allclose(file["samples"][2].mean(axis=0)[mine["cell"]], mine["mean"], rtol=1e-4)


def test_residuals_are_sums_of_children_minus_what_was_measured_in_sigma(tmp_path):
    held = event_runs.write(tmp_path / "run")
    store, geometry = RunStore(tmp_path / "run"), held.geometry
    cells, coarse = store.table("cells"), store.table("coarse")
    one = 7
    event, cell = coarse["event"][one], coarse["cell"][one]
    mine = (cells["event"] == event) & (geometry.parent[cells["cell"]] == cell)
    expected = (cells["mean"][mine].sum() - coarse["energy"][one]) / geometry.sigma[cell]
    assert coarse["residual"][one] == pytest.approx(expected, rel=1e-3, abs=1e-2)


def test_the_verdict_says_what_was_found_doubted_and_withheld(tmp_path):
    event_runs.write(tmp_path / "run")
    summary = RunStore(tmp_path / "run").summary
    words = " ".join(summary["verdict"])
    assert f"{summary['particles']['count']} particles stand out of the estimates" in words
    assert "1 event does not look like those" in words
    assert "The truth is in the files" in words
    assert "the measured cells of 6 events are off by 0.30 of them" in words
    assert summary["judged"]["rel_rmse"] < summary["judged"]["even_rel_rmse"]


def test_masses_are_of_pairs_that_are_likely_there_and_need_a_distance(tmp_path):
    count = 30
    event = np.repeat(np.arange(count), 3)
    pair = np.tile([0.0, 100.0, 0.0], count)
    particles = {
        "event": event,
        "x": pair,
        "y": np.zeros(3 * count),
        "energy": np.full(3 * count, 2000.0),
        "risk": np.tile([0.1, 0.1, 0.9], count),  # the third is doubted
    }
    found = masses(particles, 1500.0)
    assert (found["pairs"], found["mev"]) == (count, pytest.approx(2000 * 100 / 1500, rel=0.01))
    assert masses(particles, 0.0) is None
    event_runs.write(tmp_path / "run")
    words = event_words.verdict(RunStore(tmp_path / "run").summary | {"masses": found})
    assert "30 pairs of particles crowd at 133 MeV (133 to 133)" in " ".join(words)


def test_another_pitch_or_noise_withdraws_every_claim():
    taught_noise = [13.0, 34.0, 41.0]
    assert event_words.foreign(36.4, 36.0, [14, 34, 41], taught_noise) == []
    (pitch,) = event_words.foreign(20.0, 36.0, taught_noise, taught_noise)
    assert "20 mm" in pitch
    (noise,) = event_words.foreign(36.0, 36.0, [50, 50, 50], taught_noise)
    assert "50, 50, 50 MeV" in noise


def test_showers_as_taught_are_known_and_those_of_another_depth_are_not():
    familiar = taught(4)
    held = events.showers(count=64, seed=5)
    energies, kept = Plane.of(held.geometry).energies(held, slice(0, 64))
    known = familiar.distance(told(energies, kept)) <= familiar.limit
    assert known.mean() > 0.9
    deep = told(np.roll(energies, 1, axis=1), np.roll(kept, 1, axis=1))
    assert (familiar.distance(deep) > familiar.limit).all()
