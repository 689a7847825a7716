"""The same events as parquet and ROOT as in a text table; what is no table gets a sentence."""

import csv

import numpy as np
import pytest

from tests.factories import event_files, events
from workers.events import Events
from workers.readers import ReadError
from workers.readers.calorimeter import columnar, read_paths

arrow = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")
uproot = pytest.importorskip("uproot")
ak = pytest.importorskip("awkward")


@pytest.fixture
def rows(tmp_path) -> dict[str, np.ndarray]:
    path = event_files.single_table(tmp_path / "e.csv", events.showers(count=3))
    with path.open() as file:
        heading, *lines = csv.reader(file)
    values = np.array(lines, np.float64).T
    return dict(zip(heading, values, strict=True))


def read(path, **told) -> Events:
    found = read_paths([path], told)
    assert found is not None
    return found


def same(one: Events, other: Events) -> None:
    assert np.array_equal(one.event, other.event)
    for first, second in zip(one.dense(), other.dense(), strict=True):
        assert np.array_equal(first, second)
    assert np.array_equal(one.geometry.parent, other.geometry.parent)
    assert np.array_equal(one.geometry.sigma, other.geometry.sigma)


def test_parquet_is_read_as_the_text_it_could_have_been(rows, tmp_path):
    parquet.write_table(arrow.table(rows), tmp_path / "e.parquet")
    same(read(tmp_path / "e.parquet"), read(tmp_path / "e.csv"))


def test_a_tree_with_lists_of_cells_is_read_event_by_event(rows, tmp_path):
    count = np.bincount(rows["event"].astype(int))
    lists = {
        f"cell_{'e' if name == 'energy' else name}" if name in ("energy", "layer") else name:
        ak.unflatten(values, count)
        for name, values in rows.items()
        if name != "event"
    }  # fmt: skip
    with uproot.create(tmp_path / "e.root") as file:
        file["Other"] = {"weight": np.ones(2)}
        file["Low_Tree"] = lists
    same(read(tmp_path / "e.root"), read(tmp_path / "e.csv"))


def test_numbers_of_events_in_a_tree_are_kept(rows, tmp_path):
    count = np.bincount(rows["event"].astype(int))
    lists = {name: ak.unflatten(values, count) for name, values in rows.items() if name != "event"}
    with uproot.create(tmp_path / "e.root") as file:
        file["cells"] = {"event": np.array([70, 80, 90]), **lists}
    assert read(tmp_path / "e.root").event.tolist() == [70, 80, 90]


def test_what_holds_no_cells_or_is_cut_off_is_refused_in_a_sentence(rows, tmp_path):
    parquet.write_table(arrow.table({"weight": [1.0]}), tmp_path / "w.parquet")
    parquet.write_table(arrow.table(rows), tmp_path / "e.parquet")
    whole = (tmp_path / "e.parquet").read_bytes()
    (tmp_path / "cut.parquet").write_bytes(whole[: len(whole) // 2])
    with uproot.create(tmp_path / "e.root") as file:
        file["cells"] = rows
    whole = (tmp_path / "e.root").read_bytes()
    (tmp_path / "cut.root").write_bytes(whole[: len(whole) // 2])
    words = arrow.table({**rows, "energy": ["x"] * len(rows["energy"])})
    parquet.write_table(words, tmp_path / "words.parquet")
    for name, said in {
        "w.parquet": "Nothing in this file holds cells",
        "cut.parquet": "cannot be read",
        "cut.root": "cannot be read",
        "words.parquet": "the column energy holds no numbers",
    }.items():
        with pytest.raises(ReadError) as refused:
            read_paths([tmp_path / name], {})
        assert said in str(refused.value)


def test_without_the_library_the_file_is_refused_with_what_to_do(rows, tmp_path, monkeypatch):
    parquet.write_table(arrow.table(rows), tmp_path / "e.parquet")

    def missing(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(columnar.importlib, "import_module", missing)
    with pytest.raises(ReadError, match="needs pyarrow, which is not installed"):
        read_paths([tmp_path / "e.parquet"], {})
