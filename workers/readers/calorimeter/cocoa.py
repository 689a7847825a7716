"""The trees of COCOA: measured cells in `Low_Tree`, their true finer ones in `High_Tree`.

An entry is an event and a branch a list of its cells: `cell_e` (MeV), `cell_layer`, `cell_eta`,
`cell_phi`. In `Low_Tree`, `high_cell_to_low_cell_edge` names fine cells in the order of their
parents and `low_cell_to_high_cell_edge` the parent of each; where the second is missing, every
parent has as many. Sizes and noise are stated nowhere: sizes are how far neighbours are apart,
noise is asked.

Names and order are those of cocoa-hep (`Cells_data.cc`, `GraphConstructor.cc`, 7a3b860).
"""

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workers.events import Cells
from workers.readers.calorimeter.dividing import joined
from workers.readers.calorimeter.table import Table
from workers.readers.limits import MAX_VALUES
from workers.readers.problems import refusal

LOW, HIGH = "Low_Tree", "High_Tree"
FINE_OF_EDGE, COARSE_OF_EDGE = "high_cell_to_low_cell_edge", "low_cell_to_high_cell_edge"
BRANCHES = ("cell_layer", "cell_eta", "cell_phi", "cell_e")
ROUNDED = 5  # decimals: places are float32, cells 0.02 wide
NEAR = 1e-3  # places nearer than this are the same
Column = NDArray[np.float64]
Index = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Listed:
    """Cells of all events, one after the other: `count` `(n,)` of each event, columns `(m,)`.

    `cell` numbers the different places among them, `first` `(cells,)` is where each comes first.
    """

    count: Index
    layer: Column
    eta: Column
    phi: Column
    mev: Column
    cell: Index
    first: Index

    @classmethod
    def of(cls, name: str, tree: Any) -> "Listed":
        """Of a tree in the file `name`."""
        ak = importlib.import_module("awkward")
        _check_size(name, int(ak.count(tree[BRANCHES[0]].array())))
        lists = [tree[branch].array() for branch in BRANCHES]
        counts = [np.asarray(ak.num(values)) for values in lists]
        if any(not np.array_equal(count, counts[0]) for count in counts):
            raise ValueError(f"the branches of {tree.name} differ in length")
        layer, eta, phi, mev = (np.asarray(ak.flatten(values), np.float64) for values in lists)
        places = np.column_stack([layer, eta.round(ROUNDED), phi.round(ROUNDED)])
        _, first, cell = np.unique(places, axis=0, return_index=True, return_inverse=True)
        cell, first = cell.ravel().astype(np.int64), first.astype(np.int64)
        return cls(counts[0], layer, eta, phi, mev, cell, first)

    def event(self) -> Index:
        """The entry each cell belongs to."""
        return np.repeat(np.arange(len(self.count)), self.count)

    def boxes(self) -> Cells:
        """The different cells; as wide and high as the nearest two of their layer are apart."""
        layer, eta, phi = (values[self.first] for values in (self.layer, self.eta, self.phi))
        width, height = np.zeros_like(eta), np.zeros_like(phi)
        for one in np.unique(layer):
            mine = layer == one
            width[mine], height[mine] = _apart(eta[mine]), _apart(phi[mine])
        sizes = (each.astype(np.float32) for each in (eta, phi, width, height))
        return Cells(layer.astype(np.int32), *sizes)


def are(trees: Sequence[Any]) -> bool:
    """Whether trees are COCOA's, and nobody has written sizes of cells into them."""
    names = next((set(tree.keys()) for tree in trees if tree.name == LOW), set[str]())
    return set(BRANCHES) <= names and not names & {"width", "deta"}


def tables(name: str, trees: Sequence[Any]) -> list[Table]:
    """A table of cells and one of events, to be built as those of text (ReadError, ValueError)."""
    by_name = {tree.name: tree for tree in trees}
    low, high = by_name[LOW], by_name.get(HIGH)
    if high is not None and FINE_OF_EDGE not in low.keys():  # noqa: SIM118  a tree is no mapping
        high = None
    coarse = Listed.of(name, low)
    if high is None:
        return _written(name, coarse, _boxes(name, coarse), None, None)
    fine = Listed.of(name, high)
    if len(fine.count) != len(coarse.count):
        raise ValueError(f"{LOW} has {len(coarse.count)} events and {HIGH} {len(fine.count)}")
    parent = _parents(name, low, coarse, fine)
    smaller = _boxes(name, fine)
    around = joined(smaller, parent)
    # The centre as the file has it: that of the children may differ in the last digit.
    eta, phi = coarse.eta[coarse.first], coarse.phi[coarse.first]
    larger = Cells(around.layer, _short(eta), _short(phi), around.width, around.height)
    return _written(name, coarse, larger, fine, (smaller, parent))


def _boxes(name: str, cells: Listed) -> Cells:
    try:
        return cells.boxes()
    except ValueError as error:
        raise refusal(
            name,
            "In one of the layers no two cells lie side by side, so how large they are is unknown.",
            "Read a file of more events, or export a table with the sizes of cells.",
        ) from error


def _apart(places: Column) -> float:
    """How far the nearest two different places are apart; 0 where all are the same."""
    gaps = np.diff(np.unique(places))
    gaps = gaps[gaps > NEAR]
    return float(gaps.min()) if gaps.size else 0.0


def _parents(name: str, low: Any, coarse: Listed, fine: Listed) -> Index:
    """The coarse cell of every different fine one."""
    ak = importlib.import_module("awkward")
    edges = low[FINE_OF_EDGE].array()
    count = np.asarray(ak.num(edges))
    event = np.repeat(np.arange(len(count)), count)
    of_fine = np.asarray(ak.flatten(edges), np.int64)
    if COARSE_OF_EDGE in low.keys():  # noqa: SIM118  a tree is no mapping
        of_coarse = np.asarray(ak.flatten(low[COARSE_OF_EDGE].array()), np.int64)
    else:
        of_coarse = _evenly(name, count, coarse.count)
    _check_edges(name, event, of_fine, fine.count, "fine")
    _check_edges(name, event, of_coarse, coarse.count, "coarse")
    starts = [np.cumsum(each.count) - each.count for each in (fine, coarse)]
    child, mother = starts[0][event] + of_fine, starts[1][event] + of_coarse
    parent = np.full(len(fine.first), -1, np.int64)
    parent[fine.cell[child]] = coarse.cell[mother]
    if (alone := np.flatnonzero(parent < 0)).size:
        raise refusal(
            f"{name}/{HIGH}",
            f"{alone.size:,} fine cells have no parent in {FINE_OF_EDGE}, the first at "
            f"η = {fine.eta[fine.first[alone[0]]]:.4f}.",
            "Write the file again, with every fine cell of the measured ones.",
        )
    if (childless := np.setdiff1d(np.arange(len(coarse.first)), parent)).size:
        raise refusal(
            f"{name}/{LOW}",
            f"{childless.size:,} measured cells have no fine one in {HIGH}.",
            "Write the file again, with every fine cell of the measured ones.",
        )
    if (torn := np.flatnonzero(parent[fine.cell[child]] != coarse.cell[mother])).size:
        raise refusal(
            f"{name}/{LOW}",
            f"In event {event[torn[0]]} a fine cell has another parent than in other events.",
            "The trees may be of two runs: write them again.",
        )
    return parent


def _evenly(name: str, edges: Index, cells: Index) -> Index:
    """The parent of each edge where all of an event have as many."""
    each = edges // np.maximum(cells, 1)
    if (odd := np.flatnonzero(each * cells != edges)).size:
        raise refusal(
            f"{name}/{LOW}",
            f"Event {odd[0]} has {edges[odd[0]]} fine cells for {cells[odd[0]]} coarse ones: not "
            f"as many for each, and there is no {COARSE_OF_EDGE}.",
            "Write that branch, too.",
        )
    parts = [np.repeat(np.arange(n), k) for n, k in zip(cells, each, strict=True)]
    return np.concatenate(parts).astype(np.int64) if parts else np.zeros(0, np.int64)


def _check_edges(name: str, event: Index, of: Index, count: Index, what: str) -> None:
    if len(of) != len(event):
        raise ValueError(f"{FINE_OF_EDGE} and {COARSE_OF_EDGE} differ in length")
    if (wrong := np.flatnonzero((of < 0) | (of >= count[event]))).size:
        one = wrong[0]
        raise refusal(
            f"{name}/{LOW}",
            f"An edge of event {event[one]} names {what} cell {of[one]}; there are "
            f"{count[event[one]]}, counted from 0.",
            "The trees may be of two runs: write them again.",
        )


def _written(
    name: str,
    coarse: Listed,
    boxes: Cells,
    fine: Listed | None,
    smaller: tuple[Cells, Index] | None,
) -> list[Table]:
    """Both tables; fine cells are numbered after the coarse ones."""
    cells = [_columns(boxes, np.full(len(boxes), np.nan))]
    rows = [(coarse.event(), coarse.cell, coarse.mev)]
    if fine is not None and smaller is not None:
        cells.append(_columns(smaller[0], smaller[1].astype(np.float64)))
        rows.append((fine.event(), len(boxes) + fine.cell, fine.mev))
    described = {key: np.concatenate([part[key] for part in cells]) for key in cells[0]}
    described["cell"] = np.arange(len(described["x"]), dtype=np.float64)
    event, cell, mev = (np.concatenate(each).astype(np.float64) for each in zip(*rows, strict=True))
    events = {"event": event, "cell": cell, "energy": mev}
    return [
        Table(name, columns, np.arange(1, len(columns["cell"]) + 1), round_=True, unit="mev")
        for columns in (described, events)
    ]


def _columns(cells: Cells, parent: Column) -> dict[str, Column]:
    own = {key: values.astype(np.float64) for key, values in cells.columns().items()}
    return {**own, "parent": parent}


def _short(values: Column) -> NDArray[np.float32]:
    return values.astype(np.float32)


def _check_size(name: str, cells: int) -> None:
    if cells * len(BRANCHES) > MAX_VALUES // 4:
        raise refusal(
            name,
            f"It holds {cells:,} cells; up to {MAX_VALUES // 4 // len(BRANCHES):,} can be read.",
            "Cut it into parts of fewer events.",
        )
