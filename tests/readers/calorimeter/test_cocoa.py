"""COCOA's two trees, written in their layout: parents from the edges, truth, sizes, refusals."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.factories import events
from workers.events import Events
from workers.readers import ReadError
from workers.readers.calorimeter import read_paths

uproot = pytest.importorskip("uproot")
ak = pytest.importorskip("awkward")
MM = 1500.0  # the inner radius: a mm is that much of an η or φ
Trees = dict[str, dict[str, Any]]


def trees_of(held: Events, rng: np.random.Generator) -> Trees:
    """Both trees of `held`, fine cells of an event in an order of their own."""
    geometry, low, high = held.geometry, [], []
    assert held.truth is not None
    for i in range(len(held)):
        kept = held.cell[held.offsets[i] : held.offsets[i + 1]]
        energy = held.energy[held.offsets[i] : held.offsets[i + 1]]
        fine = rng.permutation(np.flatnonzero(np.isin(geometry.parent, kept)))
        mother = np.searchsorted(kept, geometry.parent[fine])
        order = np.argsort(mother, kind="stable")
        low.append(cells_of(geometry.coarse, kept, energy))
        low[-1]["low_cell_to_high_cell_edge"] = mother[order].astype(np.int32)
        low[-1]["high_cell_to_low_cell_edge"] = order.astype(np.int32)
        high.append(cells_of(geometry.fine, fine, held.truth[i, fine]))
    return {
        "Low_Tree": {name: [each[name] for each in low] for name in low[0]},
        "High_Tree": {name: [each[name] for each in high] for name in high[0]},
    }


def cells_of(cells: Any, chosen: Any, mev: Any) -> dict[str, Any]:
    x, y = cells.x[chosen], cells.y[chosen]
    return {
        "cell_layer": cells.layer[chosen],
        "cell_eta": x / MM,
        "cell_phi": y / MM,
        "cell_e": mev,
        **{f"cell_{axis}": values for axis, values in zip("xyz", (x, y, x), strict=True)},
    }


def written(path: Path, trees: Trees) -> Path:
    with uproot.create(path) as file:
        for name, branches in trees.items():
            lists = {key: ak.Array(values) for key, values in branches.items()}
            tree = file.mktree(name, {key: values.type.content for key, values in lists.items()})
            tree.extend(lists)
    return path


@pytest.fixture
def held() -> Events:
    return events.showers(count=5, factor=4, seed=3)


@pytest.fixture
def trees(held: Events) -> Trees:
    return trees_of(held, np.random.default_rng(0))


def read(path: Path, **told: Any) -> Events:
    found = read_paths([path], {"sigma_mev": 20, **told})
    assert found is not None
    return found


def by_place(found: Events, mm: float) -> dict[tuple[int, ...], list[float]]:
    """Of every kept cell of every event its energy and the truth of its children in their order."""
    told, geometry = {}, found.geometry
    assert found.truth is not None
    for row, cell, energy in zip(found.of_cells(), found.cell, found.energy, strict=True):
        children = np.flatnonzero(geometry.parent == cell)
        x, y = geometry.fine.x[children] * mm, geometry.fine.y[children] * mm
        children = children[np.lexsort([x.round(1), y.round(1)])]
        at = round(geometry.coarse.x[cell] * mm), round(geometry.coarse.y[cell] * mm)
        key = (int(row), int(geometry.coarse.layer[cell]), *at)
        told[key] = [float(energy), *found.truth[row, children].tolist()]
    return told


@pytest.mark.parametrize("named", [True, False])
def test_parents_and_truth_come_from_the_edges(held, trees, tmp_path, named):
    if not named:  # every parent has as many: the order alone says whose a fine cell is
        del trees["Low_Tree"]["low_cell_to_high_cell_edge"]
    found = read(written(tmp_path / "e.root", trees))
    wanted, got = by_place(held, 1.0), by_place(found, MM)
    assert got.keys() == wanted.keys()
    for place, values in wanted.items():
        assert got[place] == pytest.approx(values)
    assert found.geometry.frame == "eta-phi"
    assert np.allclose(found.geometry.coarse.width, 144 / MM, rtol=1e-3)
    assert np.allclose(found.geometry.fine.height, 36 / MM, rtol=1e-3)


def test_measured_cells_alone_are_divided_evenly(held, trees, tmp_path):
    path = written(tmp_path / "low.root", {"Low_Tree": trees["Low_Tree"]})
    found = read(path, factor=2)
    assert found.truth is None
    assert len(found.geometry.fine) == 4 * len(found.geometry.coarse)
    assert found.energy.sum() == pytest.approx(held.energy.sum(), rel=1e-6)


def test_noise_is_asked_because_no_tree_states_it(trees, tmp_path):
    with pytest.raises(ReadError, match="no column sigma"):
        read_paths([written(tmp_path / "e.root", trees)], {})


def test_trees_that_do_not_fit_each_other_are_refused(trees, tmp_path):
    for key, change, said in (
        ("high_cell_to_low_cell_edge", lambda edge: edge + 100_000, "names fine cell"),
        ("low_cell_to_high_cell_edge", lambda edge: edge[::-1], "another parent"),
        ("low_cell_to_high_cell_edge", lambda edge: 0 * edge, "no fine one"),
    ):
        broken = {**trees["Low_Tree"], key: [change(each) for each in trees["Low_Tree"][key]]}
        path = written(tmp_path / f"{said}.root", {**trees, "Low_Tree": broken})
        with pytest.raises(ReadError, match=said):
            read(path)
    few = {name: values[:-1] for name, values in trees["High_Tree"].items()}
    with pytest.raises(ReadError, match="cannot be read: Low_Tree has 5 events and High_Tree 4"):
        read(written(tmp_path / "few.root", {**trees, "High_Tree": few}))
