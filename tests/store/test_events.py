import dataclasses

import numpy as np
import pytest

from tests.factories import events, run_store
from workers import store
from workers.events import Events
from workers.measurement import Measurement, Problem


def same(one: object, other: object) -> None:
    assert type(one) is type(other)
    for each in dataclasses.fields(one):
        a, b = getattr(one, each.name), getattr(other, each.name)
        if dataclasses.is_dataclass(a):
            same(a, b)
        else:
            np.testing.assert_array_equal(a, b, err_msg=each.name)
            if isinstance(a, np.ndarray):
                assert a.dtype == b.dtype


@pytest.mark.parametrize("made", [events.showers, events.of_irregular_cells])
def test_events_read_back_as_they_were(made, tmp_path):
    written = dataclasses.replace(
        made(provenance={"format": "CSV"}), problems=(Problem("note", "a", "b.", "c."),)
    )
    digest = store.write_measurement(tmp_path / "m", written)
    assert digest == store.content_hash(tmp_path / "m")
    same(store.read_measurement(tmp_path / "m"), written)
    same(store.read_measurement(tmp_path / "m", Events), written)


def test_events_without_a_kept_cell_are_kept(tmp_path):
    empty = events.of_irregular_cells(count=1)
    empty = dataclasses.replace(
        empty, cell=empty.cell[:0], energy=empty.energy[:0], offsets=np.array([0, 0])
    )
    store.write_measurement(tmp_path / "m", empty)
    same(store.read_measurement(tmp_path / "m", Events), empty)


def test_maps_where_events_are_needed_are_told_in_a_sentence(tmp_path):
    store.write_measurement(tmp_path / "events", events.of_irregular_cells())
    run_store.write_measurement(tmp_path / "map", run_store.draw_specimen(shape=(4, 4)))
    with pytest.raises(store.StoreError, match="holds calorimeter events, where maps"):
        store.read_measurement(tmp_path / "events", Measurement)
    with pytest.raises(store.StoreError, match="where calorimeter events are needed"):
        store.read_measurement(tmp_path / "map", Events)


def test_the_table_of_events_is_that_of_its_dense_energies():
    made = events.showers()
    energies, kept = made.dense()
    again = dataclasses.replace(made, truth=None)
    assert energies[~kept].max() == 0
    assert kept.sum() == len(made.cell)
    rows = made.of_cells()
    assert np.array_equal(energies[rows, made.cell], made.energy)
    assert len(again) == 6


def changed(**parts: object) -> Events:
    return dataclasses.replace(events.of_irregular_cells(), **parts)


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"offsets": np.array([0, 1])}, "2 offsets from 0 to 1 for 5 events"),
        ({"energy": np.zeros(999, np.float32)}, "differ in number"),
        ({"truth": np.zeros((5, 2), np.float32)}, "a truth of"),
    ],
)
def test_events_whose_parts_do_not_fit_are_refused(parts, said):
    with pytest.raises(ValueError, match=said):
        changed(**parts)


def test_cells_that_are_none_are_refused():
    made = events.of_irregular_cells()
    with pytest.raises(ValueError, match="not a number"):
        changed(energy=made.energy * np.float32(np.nan))
    with pytest.raises(ValueError, match="not one of the 30"):
        changed(cell=made.cell + 30)


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"parent": 99}, "Fine cell 0 names coarse cell 99"),
        ({"parent": 1}, "Coarse cell 0 has no fine cell"),
        ({"sigma": 0.0}, "not a number above 0 MeV"),
        ({"sigma": np.nan}, "not a number above 0 MeV"),
    ],
)
def test_a_geometry_that_is_none_is_refused(parts, said):
    geometry = events.of_irregular_cells().geometry
    columns = {name: np.full_like(getattr(geometry, name), value) for name, value in parts.items()}
    with pytest.raises(ValueError, match=said):
        dataclasses.replace(geometry, **columns)
