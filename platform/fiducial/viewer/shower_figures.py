"""Figures of one refined calorimeter event: what was measured, the finer cells, spread and risk."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fiducial.measurements import event_figures
from workers.events import Cells
from workers.store import MeasurementStore, RunStore, StoreError

from .cell_figures import Figure, Scale, display

RESIDUAL = 3.0  # σ at the ends of the scale of sums
MARK = (9.0, 26.0)  # sizes of the marks of the faintest and the brightest particle
PAIRS = ("event", "cell")
Array = NDArray[Any]
Columns = dict[str, Array]


@dataclass(frozen=True, eq=False)
class Refined:
    """One event: its `row` among all, columns of its fine and coarse cells and its particles."""

    row: int
    number: int
    each: dict[str, float]
    geometry: MeasurementStore
    cells: Columns
    coarse: Columns
    particles: Columns

    @classmethod
    def of(cls, run: RunStore, measured: MeasurementStore, number: int | None) -> "Refined":
        """The event of that number, the first where there is none (StoreError if not there)."""
        row, numbers = event_figures.row_of(measured, number)
        events = run.table("events")
        first, kept, found = (
            (int(events[name][:row].sum()), int(events[name][: row + 1].sum()))
            for name in ("cells", "kept", "particles")
        )
        return cls(
            row=row,
            number=int(numbers[row]),
            each={name: column[row].item() for name, column in events.items()},
            geometry=measured,
            cells=run.table("cells", *first),
            coarse=run.table("coarse", *kept),
            particles=run.table("particles", *found),
        )

    @property
    def rows(self) -> tuple[int, int]:
        """The rows of its cells in the tables `cells`, `samples` and `steps`."""
        first = int(self.each["first"])
        return first, first + len(self.cells["cell"])

    @property
    def frame(self) -> str:
        return str(self.geometry.attributes["frame"])

    def fine(self) -> Cells:
        """Its fine cells."""
        return event_figures.cells_of(self.geometry, "fine", self.cells["cell"])

    def kept(self) -> Cells:
        """Its coarse cells."""
        return event_figures.cells_of(self.geometry, "coarse", self.coarse["cell"])


def figures(event: Refined) -> dict[str, Figure]:
    """All of the event; energies share one scale."""
    scale = Scale.of_energies("MeV (logarithmic)", event.coarse["energy"])
    kept, fine = event.kept(), event.fine()
    sums = Scale("σ", -RESIDUAL, RESIDUAL, logarithmic=False, palette="residual")
    return {
        "measured": display(kept, event.coarse["energy"], event.frame, scale),
        "prediction": display(fine, event.cells["mean"], event.frame, scale),
        "spread": display(fine, event.cells["sd"], event.frame, scale),
        "sums": display(kept, event.coarse["residual"], event.frame, sums),
        "particles": _particles(event, fine),
        "number": _number(event),
    }


def shown(event: Refined, run: RunStore, name: str) -> Figure:
    """A sample `s0`, `s1`, …, a step `p0`, `p1`, … on the way to the first, or the `truth`.

    Raises StoreError for what is not there.
    """
    if name == "truth":
        return _truth(event)
    table = {"s": "samples", "p": "steps"}.get(name[:1], "")
    if not run.has_table(table):
        raise StoreError(f"There is no {name}.")
    columns = run.table(table, *event.rows)
    if name not in columns or len(columns[name]) != len(event.cells["cell"]):
        raise StoreError(f"There is no {name} of event {event.number}.")
    scale = Scale.of_energies("MeV (logarithmic)", event.coarse["energy"])
    return display(event.fine(), columns[name], event.frame, scale)


def _truth(event: Refined) -> Figure:
    """What the files say of the finer cells; StoreError where they say nothing."""
    mev = np.asarray(event.geometry.array("truth")[event.row])[event.cells["cell"]]
    scale = Scale.of_energies("MeV (logarithmic)", event.coarse["energy"])
    return display(event.fine(), mev, event.frame, scale)


def _particles(event: Refined, fine: Cells) -> Figure:
    """The prediction summed over layers, in grey, and its particles coloured by their risk."""
    places = np.column_stack([fine.x, fine.y])
    alike, which = (
        np.unique(places, axis=0, return_index=True)[1],
        np.unique(places, axis=0, return_inverse=True)[1].ravel(),
    )
    mev = np.bincount(which, event.cells["mean"], len(alike))
    column = {name: values[alike] for name, values in fine.columns().items()}
    flat = Cells(**column | {"layer": np.zeros(len(alike), np.int32)})
    scale = Scale.of_energies("MeV", mev)
    figure = display(flat, mev, event.frame, Scale("MeV", scale.low, scale.top, palette="grey"))
    for trace in figure["data"]:
        trace.get("marker", {})["showscale"] = False
    figure["layout"]["annotations"] = []
    figure["data"].append(_marks(event.particles))
    return figure


def _marks(particles: Columns) -> dict[str, Any]:
    energy = particles["energy"]
    large = np.sqrt(energy / max(float(energy.max(initial=0)), 1.0))
    risk = Scale("risk of being none", 0.0, 1.0, logarithmic=False, palette="viridis")
    return {
        "type": "scatter",
        "mode": "markers",
        "showlegend": False,
        "x": particles["x"].round(1).tolist(),
        "y": particles["y"].round(1).tolist(),
        "text": [f"{mev / 1e3:.2f} GeV" for mev in energy],
        "hovertemplate": "%{text}, risk %{marker.color:.2f}<extra></extra>",
        "marker": {
            "symbol": "circle",
            "size": (MARK[0] + (MARK[1] - MARK[0]) * large).round(1).tolist(),
            "color": particles["risk"].round(3).tolist(),
            "line": {"color": "var(--surface)", "width": 2},
            **risk.bar(),
        },
    }


def _number(event: Refined) -> Figure:
    """P(N) as bars."""
    names = sorted(name for name in event.each if name[:1] == "p" and name[1:].isdigit())
    chances = [round(event.each[name], 4) for name in names]
    return {
        "data": [
            {
                "type": "bar",
                "showlegend": False,
                "x": [int(name[1:]) for name in names],
                "y": chances,
                "hovertemplate": "%{x}: P = %{y:.3f}<extra></extra>",
                "marker": {"color": "var(--accent)"},
            }
        ],
        "layout": {
            "xaxis": {"title": {"text": "number of particles N"}, "dtick": 1},
            "yaxis": {"title": {"text": "P(N)"}, "range": [0, 1]},
            "margin": {"t": 12},
        },
    }
