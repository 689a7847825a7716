"""Tables of cells and events made into Events; what is wrong with them in a sentence."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workers.events import Cells, Events, Geometry
from workers.measurement import Problem
from workers.readers.calorimeter.dividing import divided, factor_of
from workers.readers.calorimeter.table import Column, Table
from workers.readers.limits import MAX_VALUES
from workers.readers.problems import refusal

PLACES = ("layer", "x", "y", "width", "height")
SEED = 4.6  # σ a cell must exceed to start a cluster
LARGEST_MEV = 1e8  # 100 TeV in one cell is another unit
Index = NDArray[np.int64]


def events_of(tables: Sequence[Table], told: Mapping[str, Any]) -> Events:
    """The events of a table of events, whose cells may be described in a table of their own."""
    rows = _only(
        [t for t in tables if "event" in t.columns],
        "There is no table of events among the files.",
        "Upload a table with the columns event, cell and energy too.",
    )
    described = [t for t in tables if "event" not in t.columns]
    _check_energies(rows)
    if described:
        cells = _numbered(_only(described, "", ""))
        _check_once(cells)
    else:
        cells = rows = _numbered(rows)
    ids, at = np.unique(_column(cells, "cell"), return_index=True)
    first = at.astype(np.int64)
    where = _looked_up(rows, ids)
    geometry, place, of_truth, notes = _geometry(cells, ids, first, told)
    _check_units(rows, geometry, place[where], of_truth[where])
    return _events(rows, where, geometry, place, of_truth, notes)


def _only(tables: Sequence[Table], what: str, do: str) -> Table:
    if not tables:
        raise refusal("all files", what, do)
    if len(tables) > 1:
        raise refusal(
            tables[1].name,
            "There is more than one such table.",
            "Put all events into one table, and all cells into one other.",
        )
    return tables[0]


def _column(table: Table, name: str) -> Column:
    if name not in table.columns:
        raise refusal(
            table.name,
            f"There is no column {name}.",
            "A row needs event and energy; a cell layer, x, y, width, height and sigma.",
        )
    return table.columns[name]


def _check_energies(rows: Table) -> None:
    event, energy = _column(rows, "event"), _column(rows, "energy")
    if not len(rows):
        raise refusal(rows.name, "There is no event in this table.", "Export the events again.")
    if (wrong := np.flatnonzero(~np.isfinite(energy))).size:
        raise refusal(
            f"{rows.name}, line {rows.lines[wrong[0]]}",
            f"The energy of a cell of event {event[wrong[0]]:g} is no number"
            + (f", and of {wrong.size - 1:,} other cells." if wrong.size > 1 else "."),
            "Leave such cells out of the table, or export their energies again.",
        )
    if not (np.isfinite(event).all() and (event == np.floor(event)).all()):
        line = rows.lines[np.flatnonzero(~(event == np.floor(event)))[0]]
        raise refusal(
            f"{rows.name}, line {line}", "The event has no whole number.", "Number the events."
        )


def _numbered(cells: Table) -> Table:
    """The table with a number for each cell: that of its place where the file gives none."""
    if "cell" in cells.columns:
        numbers = cells.columns["cell"]
        if (wrong := np.flatnonzero(~np.isfinite(numbers))).size:
            where = f"{cells.name}, line {cells.lines[wrong[0]]}"
            raise refusal(where, "A cell has no number.", "Number it.")
        return cells
    if "parent" in cells.columns:
        raise refusal(
            cells.name,
            "Cells name parents, but no column cell gives them a number.",
            "Add the column cell.",
        )
    places = np.column_stack([_column(cells, name) for name in ("layer", "x", "y")])
    number = np.unique(places.round(6), axis=0, return_inverse=True)[1].astype(np.float64)
    return replace(cells, columns={**cells.columns, "cell": number})


def _check_once(cells: Table) -> None:
    order = np.argsort(cells.columns["cell"], kind="stable")
    again = np.flatnonzero(np.diff(cells.columns["cell"][order]) == 0)
    if again.size:
        row = order[again[0] + 1]
        raise refusal(
            f"{cells.name}, line {cells.lines[row]}",
            f"Cell {cells.columns['cell'][row]:g} is described already.",
            "Give every cell a number of its own, coarse or fine.",
        )


def _looked_up(rows: Table, ids: Column) -> Index:
    """The position in `ids` of the cell of each row."""
    numbers = _column(rows, "cell")
    where = np.searchsorted(ids, numbers).clip(max=len(ids) - 1)
    if (wrong := np.flatnonzero(ids[where] != numbers)).size:
        raise refusal(
            f"{rows.name}, line {rows.lines[wrong[0]]}",
            f"Cell {numbers[wrong[0]]:g} is not in the table of cells.",
            "Add it there, or leave its energies out.",
        )
    return where


def _geometry(
    cells: Table, ids: Column, first: Index, told: Mapping[str, Any]
) -> tuple[Geometry, Index, NDArray[np.bool_], list[Problem]]:
    """The geometry; of each cell its place in its own table, and whether it is a fine one."""
    columns = {name: _column(cells, name)[first] for name in PLACES}
    parent = cells.columns.get("parent", np.full(len(cells), np.nan))[first]
    fine = np.isfinite(parent)
    place = np.where(fine, np.cumsum(fine), np.cumsum(~fine)) - 1
    coarse_ids = ids[~fine]
    sigma = _sigma(cells, first[~fine], told)
    notes: list[Problem] = []
    try:
        coarse = _boxes(columns, ~fine)
        if fine.any():
            at = np.searchsorted(coarse_ids, parent[fine]).clip(max=max(len(coarse_ids) - 1, 0))
            _check_parents(cells, ids[fine], parent[fine], first[fine], coarse_ids, at)
            smaller, of = _boxes(columns, fine), at
        else:
            factor = factor_of(told)
            smaller, of = divided(coarse, factor)
            notes.append(_note_of_division(cells, factor))
        frame = "eta-phi" if cells.round_ else "plane"
        geometry = Geometry(coarse, smaller, of.astype(np.int64), sigma, frame)  # type: ignore[arg-type]
    except ValueError as error:
        raise refusal(cells.name, str(error), "Correct the table of cells.") from error
    return geometry, place, fine, notes


def _boxes(columns: Mapping[str, Column], chosen: NDArray[np.bool_]) -> Cells:
    of = {name: column[chosen] for name, column in columns.items()}
    if not np.isfinite(of["layer"]).all():
        raise ValueError("A cell has no number for its layer.")
    # Layers are counted from 0 whatever a file calls its first.
    layer = np.unique(columns["layer"], return_inverse=True)[1][chosen]
    rest = {name: of[name].astype(np.float32) for name in PLACES[1:]}
    return Cells(layer=layer.astype(np.int32), **rest)


def _check_parents(
    cells: Table, fine: Column, parent: Column, first: Index, coarse: Column, at: Index
) -> None:
    missing = np.flatnonzero(coarse[at] != parent) if len(coarse) else np.arange(len(parent))
    if missing.size:
        one = missing[0]
        raise refusal(
            f"{cells.name}, line {cells.lines[first[one]]}",
            f"Cell {fine[one]:g} names cell {parent[one]:g} as its parent, which is not there"
            + (
                f"; neither are the parents of {missing.size - 1:,} others."
                if missing.size > 1
                else "."
            ),
            "Add the parent, a cell without one of its own, or correct the number.",
        )


def _sigma(cells: Table, rows: Index, told: Mapping[str, Any]) -> NDArray[np.float32]:
    if told.get("sigma_mev") is not None:
        return np.full(len(rows), float(told["sigma_mev"]), np.float32)
    return _column(cells, "sigma")[rows].astype(np.float32)


def _note_of_division(cells: Table, factor: int) -> Problem:
    return Problem(
        "note",
        cells.name,
        f"No cell names a parent, so each is divided into {factor} × {factor}.",
        "Nothing, or add the finer cells with their parents.",
    )


def _check_units(
    rows: Table, geometry: Geometry, place: Index, of_truth: NDArray[np.bool_]
) -> None:
    """Energies that stand nowhere out of the noise, or beyond all sense, have another unit."""
    seen = ~of_truth
    energy = rows.columns["energy"][seen]
    if not energy.size:
        raise refusal(
            rows.name,
            "No row holds the energy of a measured cell: all cells have parents.",
            "Add the energies of the cells without a parent.",
        )
    height = (energy / geometry.sigma[place[seen]]).max()
    largest = np.abs(energy).max()
    if height < SEED or largest > LARGEST_MEV:
        told = f"the unit of the column is {rows.unit}" if rows.unit else "MeV is assumed"
        raise refusal(
            rows.name,
            f"The largest energy is {largest:.3g} MeV, {height:.2g} times the noise of its cell; "
            f"{told}. That is no shower.",
            "Call the column energy_gev, energy_mev or energy_kev after its unit, and sigma alike.",
        )


def _events(
    rows: Table,
    where: Index,
    geometry: Geometry,
    place: Index,
    of_truth: NDArray[np.bool_],
    notes: list[Problem],
) -> Events:
    numbers, event = np.unique(rows.columns["event"].astype(np.int64), return_inverse=True)
    both = event * len(place) + where
    order = np.argsort(both, kind="stable")
    if (again := np.flatnonzero(np.diff(both[order]) == 0)).size:
        row = order[again[0] + 1]
        raise refusal(
            f"{rows.name}, line {rows.lines[row]}",
            f"Event {numbers[event[row]]} has an energy of this cell already.",
            "Leave one of the rows out, or add them up.",
        )
    fine = of_truth[where]
    seen = order[~fine[order]]
    return Events(
        event=numbers,
        offsets=np.concatenate([[0], np.cumsum(np.bincount(event[seen], minlength=len(numbers)))]),
        cell=place[where[seen]].astype(np.int32),
        energy=rows.columns["energy"][seen].astype(np.float32),
        geometry=geometry,
        truth=_truth(rows, event, place[where], fine, (len(numbers), len(geometry.fine))),
        problems=tuple(notes),
    )


def _truth(
    rows: Table, event: Index, place: Index, fine: NDArray[np.bool_], shape: tuple[int, int]
) -> NDArray[np.float32] | None:
    if not fine.any():
        return None
    if shape[0] * shape[1] > MAX_VALUES:
        raise refusal(
            rows.name,
            f"{shape[0]:,} events of {shape[1]:,} fine cells are too many to be held.",
            "Upload fewer events at a time.",
        )
    truth = np.zeros(shape, np.float32)
    truth[event[fine], place[fine]] = rows.columns["energy"][fine]
    return truth
