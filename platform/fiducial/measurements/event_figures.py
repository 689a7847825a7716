"""Figures of calorimeter events: the cells of one, and the energy of each."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fiducial.viewer.cell_figures import Figure, Scale, display, shown_layers
from workers.events import Cells
from workers.store import MeasurementStore, StoreError

COLUMNS = ("layer", "x", "y", "width", "height")
TOLD = 5_000  # events of which the energy is told; of more, every second or third
SIDE = 96  # pixels of a thumbnail
SUMMED = 2**20  # entries of the table that a thumbnail sums
Array = NDArray[Any]


def holds_events(store: MeasurementStore) -> bool:
    """Whether it is of a calorimeter, not maps."""
    return store.attributes.get("content") == "events"


def cells_of(store: MeasurementStore, level: str, chosen: Array | slice = slice(None)) -> Cells:
    """The `coarse` or `fine` cells, or those `chosen`."""
    return Cells(
        **{name: np.asarray(store.array(f"{level}_{name}")[:])[chosen] for name in COLUMNS}
    )


def row_of(store: MeasurementStore, number: int | None) -> tuple[int, Array]:
    """The row of the event of that number, the first where there is none, and all numbers.

    Raises StoreError for an event that is not there.
    """
    numbers = np.asarray(store.array("event")[:])
    if number is None:
        return 0, numbers
    found = np.flatnonzero(numbers == number)
    if not found.size:
        raise StoreError(
            f"There is no event {number}; there are {len(numbers):,}, "
            f"from {numbers[0]} to {numbers[-1]}."
        )
    return int(found[0]), numbers


def kept(store: MeasurementStore, row: int) -> tuple[Array, Array]:
    """The coarse cells an event kept, and their energies in MeV."""
    first, last = (int(end) for end in store.array("offsets")[row : row + 2])
    return np.asarray(store.array("cell")[first:last]), np.asarray(
        store.array("energy")[first:last]
    )


def event(store: MeasurementStore, number: int | None) -> dict[str, Any]:
    """The figure of one event, what it is in words, and the events before and after it."""
    row, numbers = row_of(store, number)
    chosen, energy = kept(store, row)
    cells = cells_of(store, "coarse", chosen)
    layers = np.unique(np.asarray(store.array("coarse_layer")[:])).tolist()
    shown = shown_layers(cells, energy, layers)
    held = np.isin(cells.layer, shown)
    drawn = Cells(**{name: column[held] for name, column in cells.columns().items()})
    frame = str(store.attributes["frame"])
    scale = Scale.of_energies("MeV (logarithmic)", energy)
    left_out = f", {len(shown)} of {len(layers)} layers shown" if len(shown) < len(layers) else ""
    return {
        "figure": display(drawn, energy[held], frame, scale, shown),
        "words": f"{len(energy):,} cells, {energy.sum() / 1e3:,.2f} GeV{left_out}.",
        "number": int(numbers[row]),
        "before": int(numbers[row - 1]) if row else None,
        "after": int(numbers[row + 1]) if row + 1 < len(numbers) else None,
    }


def energies(store: MeasurementStore) -> Figure:
    """The energy of every event; a mark opens it."""
    offsets = np.asarray(store.array("offsets")[:])
    energy = np.asarray(store.array("energy")[:], np.float64)
    total = np.diff(np.concatenate([[0.0], np.cumsum(energy)])[offsets]) / 1e3
    every = -(-len(total) // TOLD)
    numbers = np.asarray(store.array("event")[:])[::every].tolist()
    return {
        "data": [
            {
                "type": "scatter",
                "mode": "markers",
                "showlegend": False,
                "x": numbers,
                "y": [float(f"{value:.5g}") for value in total[::every]],
                "customdata": numbers,
                "hovertemplate": "event %{x}: %{y:.4g} GeV<extra></extra>",
                "marker": {"size": 6, "color": "var(--accent)"},
            }
        ],
        "layout": {
            "xaxis": {"title": {"text": "number of the event"}},
            "yaxis": {"title": {"text": "energy in kept cells (GeV)"}, "rangemode": "tozero"},
            "margin": {"t": 12},
        },
    }


def picture(store: MeasurementStore) -> Array:
    """Energy of all events and layers by place, `(SIDE, SIDE)`, for a thumbnail."""
    cell = np.asarray(store.array("cell")[:SUMMED])
    energy = np.asarray(store.array("energy")[:SUMMED], np.float64)
    cells = cells_of(store, "coarse")
    total = np.bincount(cell, energy, len(cells))
    seen = np.flatnonzero(total > 0)
    columns, rows = (
        _pixels(middle[seen], side[seen])
        for middle, side in ((cells.x, cells.width), (cells.y, cells.height))
    )
    drawn = np.zeros((SIDE, SIDE))
    for each, mev in enumerate(total[seen]):
        box = slice(*rows[each]), slice(*columns[each])
        drawn[box] += mev / drawn[box].size
    return drawn[::-1]


def _pixels(middle: Array, side: Array) -> list[tuple[int, int]]:
    """First pixel of each cell along one axis, and the one after its last."""
    low = (middle - side / 2).min(initial=np.inf)
    step = ((middle + side / 2).max(initial=-np.inf) - low) / SIDE
    first = np.floor((middle - side / 2 - low) / step).astype(int).clip(0, SIDE - 1)
    last = np.ceil((middle + side / 2 - low) / step).astype(int)
    return list(zip(first.tolist(), np.maximum(last, first + 1).tolist(), strict=True))
