"""Tables of cells and events come back as they were written; faults get a sentence."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.factories import event_files, events
from workers.events import Events
from workers.readers import ReadError
from workers.readers.calorimeter import read_paths

EVENTS_TEXT = """event,layer,x,y,width,height,energy,sigma
7,0,0,0,10,10,500,20
7,0,10,0,10,10,80,20
9,0,0,0,10,10,300,20
"""
CELLS_TEXT = """cell,parent,layer,x,y,width,height,sigma
1,,0,0,0,20,10,20
2,1,0,-5,0,10,10,
3,1,0,5,0,10,10,
"""


def read(*paths, **told) -> Events:
    found = read_paths(paths, told)
    assert found is not None
    return found


def refusal_of(tmp_path, *texts: str, **told: object) -> str:
    paths = []
    for number, text in enumerate(texts):
        paths.append(tmp_path / f"{number}.csv")
        paths[-1].write_text(text)
    with pytest.raises(ReadError) as refused:
        read_paths(paths, told)
    return str(refused.value)


@pytest.mark.parametrize("unit", ["mev", "gev"])
@pytest.mark.parametrize("made", [events.showers, events.of_irregular_cells])
def test_events_and_cells_come_back_as_they_were(made, unit, tmp_path):
    wanted = made(count=3)
    files = (
        event_files.event_table(tmp_path / "events.csv", wanted, unit),
        event_files.cell_table(tmp_path / "cells.csv", wanted),
    )
    found = read(*files)
    assert found.event.tolist() == [500, 501, 502]
    assert found.geometry.parent.tolist() == wanted.geometry.parent.tolist()
    energies, kept = found.dense()
    assert energies == pytest.approx(wanted.dense()[0], rel=1e-5)
    assert np.array_equal(kept, wanted.dense()[1])
    assert (found.truth is None) == (wanted.truth is None)
    if wanted.truth is not None:
        assert found.truth == pytest.approx(wanted.truth, rel=1e-5)
    for level in ("coarse", "fine"):
        for name, column in getattr(wanted.geometry, level).columns().items():
            assert getattr(getattr(found.geometry, level), name) == pytest.approx(column)
    assert found.problems == ()


def test_cells_without_finer_ones_are_divided(tmp_path):
    wanted = events.showers(count=3)
    path = event_files.single_table(tmp_path / "e.csv", wanted)
    for factor in (2, 4):
        found = read(path, factor=factor)
        assert len(found.geometry.fine) == factor**2 * len(found.geometry.coarse)
        assert found.geometry.fine.width[0] == pytest.approx(144 / factor)
        assert "divided into" in found.problems[0].what
        assert sorted(found.energy) == pytest.approx(sorted(wanted.energy), rel=1e-5)
        fine, parent = found.geometry.fine, found.geometry.parent
        centre = np.bincount(parent, fine.x) / factor**2
        assert centre == pytest.approx(found.geometry.coarse.x, abs=1e-3)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**31), st.sampled_from([",", ";", "\t"]))
def test_rows_may_stand_in_any_order_and_be_separated_by_anything(seed, separator):
    head, *rows = EVENTS_TEXT.splitlines()
    mixed = np.random.default_rng(seed).permutation(rows)
    text = "# made by hand\n" + "\n".join([head, *mixed]).replace(",", separator)
    found = _from_text(text)
    assert found.event.tolist() == [7, 9]
    assert found.dense()[0].tolist() == [[500, 80], [300, 0]]


def _from_text(text: str) -> Events:
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "e.csv"
        path.write_text(text)
        return read(path)


def test_angles_in_the_heading_go_round(tmp_path):
    path = tmp_path / "e.csv"
    path.write_text(
        "event,layer,eta,phi,deta,dphi,energy_gev,sigma_mev\n3,2,0.1,3.1,0.1,0.1,5,30\n"
    )
    found = read(path)
    assert found.geometry.frame == "eta-phi"
    assert found.energy.tolist() == [5000]
    assert found.geometry.sigma.tolist() == [30]


def test_maps_are_left_to_other_readers(tmp_path):
    path = tmp_path / "map.txt"
    path.write_text("1 2 3\n4 5 6\n")
    assert read_paths([path, tmp_path], {}) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (EVENTS_TEXT.replace("500", "nan"), "0.csv, line 2: The energy of a cell of event 7 is no"),
        (EVENTS_TEXT.replace("500", ""), "0.csv, line 2: The energy of a cell of event 7 is no"),
        (EVENTS_TEXT.replace("80", "inf"), "line 3"),
        (EVENTS_TEXT.splitlines()[0] + "\n", "There is no event in this table"),
        (EVENTS_TEXT.replace("500", "five"), "line 2: “five” is no number"),
        (EVENTS_TEXT.replace(",300,20", ""), "line 4: This row has 6 fields; the heading names 8"),
        (EVENTS_TEXT.replace("energy", "energy_kev"), "That is no shower"),
        (EVENTS_TEXT.replace("500", "5e12"), "That is no shower"),
        (EVENTS_TEXT.replace("7,0,10,0", "7,0,0,0"), "line 3: Event 7 has an energy of this cell"),
        (EVENTS_TEXT.replace("sigma", "other"), "There is no column sigma"),
        (EVENTS_TEXT.replace(",10,10,500", ",0,10,500"), "no width or height"),
        (EVENTS_TEXT.replace(",20\n", ",0\n"), "not a number above 0 MeV"),
        (EVENTS_TEXT.replace("7,", "7.5,"), "The event has no whole number"),
        (EVENTS_TEXT.replace("width", "energy"), "Two columns are called energy"),
    ],
)
def test_a_fault_in_the_events_is_told_with_its_line(text, said, tmp_path):
    assert said in refusal_of(tmp_path, text)


@pytest.mark.parametrize(
    ("cells", "rows", "said"),
    [
        (
            CELLS_TEXT.replace("3,1,", "3,77,"),
            "5,1,900",
            "line 4: Cell 3 names cell 77 as its parent",
        ),
        (CELLS_TEXT.replace(",1,0", ",9,0"), "5,1,900", "neither are the parents of 1 others"),
        (CELLS_TEXT.replace("3,1,", "2,1,"), "5,1,900", "line 4: Cell 2 is described already"),
        (CELLS_TEXT, "5,8,900", "0.csv, line 2: Cell 8 is not in the table of cells"),
        (CELLS_TEXT, "5,2,900", "No row holds the energy of a measured cell"),
        (CELLS_TEXT.replace("3,1,", ",1,"), "5,1,900", "line 4: A cell has no number"),
        (CELLS_TEXT.replace("1,,0", "1,,"), "5,1,900", "no number for its layer"),
    ],
)
def test_a_fault_in_the_cells_is_told_with_its_line(cells, rows, said, tmp_path):
    assert said in refusal_of(tmp_path, f"event,cell,energy\n{rows}\n", cells)


def test_what_does_not_belong_together_is_refused(tmp_path):
    rows = "event,cell,energy\n5,1,900\n"
    assert "no table of events" in refusal_of(tmp_path, CELLS_TEXT)
    assert "more than one such table" in refusal_of(tmp_path, rows, rows, CELLS_TEXT)
    assert "Choose 2 or 4" in refusal_of(tmp_path, EVENTS_TEXT, factor=3)
    no_number = "event,parent,layer,x,y,width,height,energy,sigma\n7,,0,0,0,1,1,500,20\n"
    assert "no column cell" in refusal_of(tmp_path, no_number)


def test_a_noise_that_is_told_replaces_that_of_the_file(tmp_path):
    path = tmp_path / "e.csv"
    path.write_text(EVENTS_TEXT)
    assert set(read(path, sigma_mev=5).geometry.sigma) == {5}
    assert dataclasses.replace(read(path)).geometry.sigma[0] == 20
