"""The page of a run on calorimeter events, what it fetches of each, and their tables."""

import csv
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from django.templatetags.static import static
from django.urls import reverse

from fiducial.runs.models import Run
from workers.store import MeasurementStore, RunStore, StoreError

from . import finders, shower_figures, stores
from .page import facts
from .shower_figures import Refined

RECIPE = "calorimeter"
LISTED = 5_000  # events in the list of the page; the table has all
ROWS = 20_000  # of a table that are written together
LIST = ("event", "energy", "likely", "chance", "particles", "risk", "residual", "abstained")
# Files of a run by their word in an address; the last two where the worker could write them.
FILES = {"file": "events.h5", "root": "events.root", "parquet": "events-parquet.zip"}
COUNTED = ("by_fit", "by_head")  # numbers of particles in the table of events, of the first ones
PIECE = 2**20  # bytes of a download that are read together


def of_run(run: Run) -> dict[str, Any]:
    """The context of `viewer/events.html`."""
    store, measured = stores.of_run(run), measurement(run)
    summary = store.summary
    return {
        "run": run,
        "summary": summary,
        "first": Refined.of(store, measured, None).number,
        "listed": min(summary["events"], LISTED),
        "parameters": facts(store.provenance),
        "files": [kind for kind in FILES if has_file(store, kind)],
        "config": {
            "list": listed(store),
            "event": reverse("viewer:run-event", args=[run.pk]),
            "plotly": static(finders.NAME),
            "samples": summary["samples"],
            "truth": summary["judged"] is not None,
        },
    }


def measurement(run: Run) -> MeasurementStore:
    """The revision that was run, which has the geometry."""
    return stores.of_measurement(run.measurement, run.measurement_revision)


def listed(store: RunStore) -> dict[str, list[Any]]:
    """Columns of the list of events: LIST, the first LISTED of them."""
    events = store.table("events", 0, LISTED)
    return {
        name: [
            float(f"{value:.4g}") if values.dtype.kind == "f" else int(value) for value in values
        ]
        for name, values in ((name, events[name]) for name in LIST)
    }


def event(run: Run, number: int | None, shown: str) -> dict[str, Any]:
    """One event: its figures, words and particles; or one sample or step, where `shown` names it.

    Raises StoreError for what is not there.
    """
    store, measured = stores.of_run(run), measurement(run)
    found = Refined.of(store, measured, number)
    if shown:
        return {"figure": shower_figures.shown(found, store, shown)}
    numbers = np.asarray(measured.array("event")[:])
    steps = store.table("steps", *found.rows) if store.has_table("steps") else {}
    stepped = all(len(column) == len(found.cells["cell"]) for column in steps.values())
    return {
        "figures": shower_figures.figures(found),
        "number": found.number,
        "before": int(numbers[found.row - 1]) if found.row else None,
        "after": int(numbers[found.row + 1]) if found.row + 1 < len(numbers) else None,
        "words": words(found),
        "particles": particles(found),
        "steps": sorted(steps) if stepped else [],
    }


def words(event: Refined) -> str:
    """What is known of the event, in a sentence or two."""
    each = event.each
    said = (
        f"{int(each['kept'])} cells with {each['energy'] / 1e3:,.2f} GeV; most likely "
        f"{int(each['likely'])} particle{'' if each['likely'] == 1 else 's'} "
        f"(P = {each['chance']:.2f}). Samples are {each['residual']:.2f} σ from the measured sums."
    )
    if each["abstained"]:
        return f"Nothing is claimed: this event does not look like those that were taught. {said}"
    return said


def particles(event: Refined) -> list[dict[str, float]]:
    """Particles, the least doubted first."""
    found = event.particles
    return [
        {
            name: float(f"{found[name][k]:.4g}")
            for name in ("x", "y", "energy", "lower", "upper", "absent", "risk")
        }
        for k in np.argsort(found["risk"], kind="stable")
    ]


def _events(store: RunStore, measured: MeasurementStore) -> Iterator[list[Any]]:
    table = store.table("events")
    chances = sorted(name for name in table if name[:1] == "p" and name[1:].isdigit())
    names = ("event", "energy", "kept", "likely", *chances, "particles", "risk", "residual")
    yield [
        *({"energy": "energy_mev", "residual": "residual_sigma"}.get(n, n) for n in names),
        "abstained",
        *COUNTED,
    ]
    columns = [table[name] for name in (*names, "abstained")]
    yield from zip(*columns, *_counted(store, len(columns[0])), strict=True)


def _counted(store: RunStore, count: int) -> list[list[Any]]:
    """Columns of COUNTED; nothing where an event was not counted in these ways."""
    if not store.has_table("counts"):
        return [[""] * count for _ in COUNTED]
    table = store.table("counts")
    found = [table[way.removeprefix("by_")].tolist() for way in COUNTED]
    return [values + [""] * (count - len(values)) for values in found]


def _particles(store: RunStore, measured: MeasurementStore) -> Iterator[list[Any]]:
    table, numbers = store.table("particles"), np.asarray(measured.array("event")[:])
    yield ["event", "x", "y", "energy_mev", "lower_mev", "upper_mev", "absent_share", "risk"]
    names = ("x", "y", "energy", "lower", "upper", "absent", "risk")
    yield from zip(numbers[table["event"]], *(table[name] for name in names), strict=True)


def _cells(store: RunStore, measured: MeasurementStore) -> Iterator[list[Any]]:
    numbers = np.asarray(measured.array("event")[:])
    names = ("cell", "mean", "sd", "lower", "upper")
    yield ["event", *(name if name == "cell" else f"{name}_mev" for name in names)]
    count = int(store.table("events")["cells"].sum())
    for first in range(0, count, ROWS):
        table = store.table("cells", first, first + ROWS)
        yield from zip(numbers[table["event"]], *(table[name] for name in names), strict=True)


TABLES: dict[str, Callable[[RunStore, MeasurementStore], Iterator[list[Any]]]] = {
    "events": _events,
    "particles": _particles,
    "cells": _cells,
}


def has_file(store: RunStore, kind: str) -> bool:
    """Whether the run has the file `kind` of FILES."""
    try:
        store.file(FILES[kind])
    except StoreError:
        return False
    return True


def as_file(store: RunStore, kind: str) -> Iterator[bytes]:
    """The file `kind` of FILES, a piece after the other."""
    place = store.file(FILES[kind])
    if not isinstance(place, Path):
        yield from place.pieces()
        return
    with place.open("rb") as file:
        while piece := file.read(PIECE):
            yield piece


def as_csv(store: RunStore, measured: MeasurementStore, name: str) -> Iterator[bytes]:
    """The table `name` of TABLES, keyed by the number of the event."""
    text = io.StringIO()
    writer = csv.writer(text)
    for row in TABLES[name](store, measured):
        writer.writerow([f"{v:.6g}" if isinstance(v, float | np.floating) else v for v in row])
        if text.tell() > PIECE:
            yield text.getvalue().encode()
            text.seek(0)
            text.truncate()
    yield text.getvalue().encode()
