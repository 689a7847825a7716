"""What the report of a run on calorimeter events holds: particles, numbers, sums, tables."""

from typing import Any

from fiducial.runs import describing
from fiducial.runs.models import Run
from fiducial.viewer import showers
from fiducial.viewer.shower_figures import Refined
from workers.store import MeasurementStore, RunStore

from . import event_claims, sealing
from .content import Content

SHOWN = 12  # particles of the worst event; all stand in particles.csv


def how(run: Run) -> str:
    """What was made of the events, for the title."""
    return "finer"


def content(run: Run, store: RunStore) -> Content:
    """The part of the report that only events have."""
    measured = showers.measurement(run)
    found = event_claims.of_run(store.summary)
    files = {"claims.json": sealing.readable([claim.as_json() for claim in found])}
    files |= {
        f"{name}.csv": b"".join(showers.as_csv(store, measured, name))
        for name in ("events", "particles")
    }
    context = {
        "believed": [claim for claim in found if claim.stands],
        "doubted": [claim for claim in found if not claim.stands],
        "worst": _worst(store, measured),
        "number": store.summary["number"]["most_likely"],
        "choices": describing.parameters(run),
    }
    return Content("reports/_events.html", context, files)


def _worst(store: RunStore, measured: MeasurementStore) -> dict[str, Any] | None:
    """The event with the particle that is most likely none; None where nothing was found."""
    events = store.table("events")
    if not events["particles"].any():
        return None
    row = int(events["risk"].argmax())
    event = Refined.of(store, measured, int(measured.array("event")[row]))
    return {
        "number": event.number,
        "words": showers.words(event),
        "particles": showers.particles(event)[::-1][:SHOWN],
    }
