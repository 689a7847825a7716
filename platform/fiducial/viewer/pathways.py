"""The page of a run on units of a movie, and their table."""

import csv
import io
import math
from collections.abc import Iterator
from typing import Any

from django.templatetags.static import static
from django.urls import reverse

from fiducial.runs.models import Run
from workers.store import RunStore

from . import finders, stores, unit_figures
from .page import facts

RECIPE = "unit-pathways"
CLEAR = 0.5  # of a rank correlation, for its whole interval


def of_run(run: Run) -> dict[str, Any]:
    """The context of `viewer/units.html`."""
    store = stores.of_run(run)
    summary = store.summary
    drawn = {
        "plane": unit_figures.plane(store),
        "time": unit_figures.through_time(store),
        "latents": unit_figures.latents(store),
        "tiles": unit_figures.tiles(store),
        "strip": unit_figures.strip(store),
        "height": unit_figures.height(store),
    }
    return {
        "run": run,
        "summary": summary,
        "drawn": [name for name, figure in drawn.items() if figure],
        "states": states(summary),
        "meanings": meanings(summary),
        "latent_names": [f"z{k + 1}" for k in range(summary["latents"])],
        "frames": summary["frames"],
        "parameters": facts(store.provenance),
        "config": {
            "figures": drawn,
            "plotly": static(finders.NAME),
            "unit": reverse("viewer:run-unit", args=[run.pk, 0]).removesuffix("0"),
            "frame": reverse("viewer:run-frame", args=[run.pk, 0]).removesuffix("0"),
        },
    }


def states(summary: dict[str, Any]) -> list[dict[str, Any]]:
    """A row for each state: frames in it, and the rate of every change that leaves it."""
    found = summary["states"]
    if not found:
        return []
    return [
        {
            "number": state + 1,
            "frames": frames,
            "rates": [
                {**rate, "to": rate["end"] + 1} for rate in found["rates"] if rate["start"] == state
            ],
        }
        for state, frames in enumerate(found["frames"])
    ]


def meanings(summary: dict[str, Any]) -> list[dict[str, Any]]:
    """A row for each named quantity: how every latent goes with it, `clear` where the interval is
    far from none.
    """
    rows: dict[str, list[dict[str, Any]]] = {}
    for each in summary["meanings"]:
        clear = min(abs(each["low"]), abs(each["high"])) > CLEAR and each["low"] * each["high"] > 0
        rows.setdefault(each["quantity"], []).append({**each, "clear": clear})
    return [{"quantity": quantity, "latents": found} for quantity, found in rows.items()]


def as_csv(store: RunStore) -> Iterator[bytes]:
    """Every unit as a line: frame from 1, place, angle with its arc, latents with their spread."""
    units = store.table("units")
    latent = [f"z{k + 1}" for k in range(store.summary["latents"])]
    columns = ["frame", "track", "x", "y", "angle", "arc", "class", "state", "explained", "misfit"]
    columns += [name for each in latent for name in (each, f"{each}_sd")]
    columns += [name for name in ("spacing", "off_x", "off_y") if name in units]
    titles = {"x": "x_px", "y": "y_px", "angle": "angle_deg", "arc": "arc90_half_deg"}
    titles |= {"spacing": "neighbours_px", "off_x": "off_middle_x_px", "off_y": "off_middle_y_px"}
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([titles.get(name, name) for name in columns])
    shift = {"frame": 1, "track": 1, "class": 1, "state": 1}
    for row in zip(*(units[name] + shift.get(name, 0) for name in columns), strict=True):
        writer.writerow(["" if math.isnan(value) else f"{value:.6g}" for value in row])
    yield text.getvalue().encode()
