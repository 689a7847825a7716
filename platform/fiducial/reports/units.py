"""What the report of a run on units holds: states, changes, rates, the way between, and units."""

from itertools import pairwise
from typing import Any

import numpy as np

from fiducial.runs import describing
from fiducial.runs.models import Run
from fiducial.viewer import pathways, unit_pictures
from workers.store import RunStore

from . import charts, sealing, unit_claims, unit_drawings
from .content import Content
from .unit_drawings import left_over, patch

SHOWN = 6  # changes drawn; all of them stand in claims.json and units.csv
FAR = 4  # times the learned noise, where the colours of what is left end


def how(run: Run) -> str:
    """What was made of the movie, for the title."""
    return "its units"


def content(run: Run, store: RunStore) -> Content:
    """The part of the report that only movies have."""
    claims = unit_claims.of_run(store)
    files = {
        "claims.json": sealing.readable([claim.as_json() for claim in claims]),
        "units.csv": b"".join(pathways.as_csv(store)),
    }
    changes = _changes(store)
    context = {
        "states": _states(store),
        "time": unit_drawings.through_time(store),
        "plane": unit_drawings.plane(store),
        "heights": unit_drawings.ramp(charts.said(unit_drawings.top_of(store)), "0", "F (nats)"),
        "intensity": unit_drawings.ramp("0", "1", "intensity, one scale for all patches"),
        "latents": unit_drawings.latents(store),
        "believed": [claim for claim in claims if claim.stands],
        "doubted": [claim for claim in claims if not claim.stands],
        "changes": [_change(store, *each) for each in changes[:SHOWN]],
        "change_count": len(changes),
        "worst": _worst(store),
        "places": store.summary["what"] == "places",
        "turn": round(360 / store.summary["order"]),
        "collapsed": [f"z{k + 1}" for k in store.summary["collapsed"]],
        "choices": describing.parameters(run),
    }
    if store.has_table("path"):
        context |= {"strip": _strip(store), "height": unit_drawings.height(store)}
    return Content("reports/_units.html", context, files)


def _states(store: RunStore) -> list[dict[str, Any]]:
    """Every state with its frames and rates, and the real patch that is nearest to its middle."""
    units, places = store.table("units"), store.table("places")
    at = np.column_stack([places["u"], places["v"]])
    found = []
    for state in pathways.states(store.summary):
        mine = np.flatnonzero(units["state"] == state["number"] - 1)
        far = np.linalg.norm(at[mine] - np.median(at[mine], axis=0), axis=1)
        usual = mine[far.argmin()]
        frame = int(units["frame"][usual]) + 1
        symbol = charts.symbol(state["number"] - 1)
        found.append({**state, "picture": _seen(store, usual), "frame": frame, "symbol": symbol})
    return found


def _changes(store: RunStore) -> list[tuple[int, int]]:
    """Of every change of a unit, the unit in the last frame before it and in the first after it."""
    units = store.table("units")
    found = []
    for track in np.unique(units["track"]):
        mine = np.flatnonzero(units["track"] == track)
        ordered = mine[np.argsort(units["frame"][mine], kind="stable")].tolist()
        found += [
            (before, after)
            for before, after in pairwise(ordered)
            if units["state"][before] != units["state"][after]
        ]
    return found


def _change(store: RunStore, before: int, after: int) -> dict[str, Any]:
    units = store.table("units")
    return {
        "track": int(units["track"][after]) + 1,
        "sides": [
            {
                "picture": _seen(store, number),
                "frame": int(units["frame"][number]) + 1,
                "state": int(units["state"][number]) + 1,
            }
            for number in (before, after)
        ],
    }


def _strip(store: RunStore) -> list[dict[str, Any]]:
    """Every step of the way: what is decoded there, and the real patch nearest to it."""
    way, frames = store.table("path"), store.table("units")["frame"]
    return [
        {
            "decoded": patch(store.image("path")[k]),
            "nearest": patch(store.image("nearest")[k]),
            "nats": float(way["nats"][k]),
            "extrapolated": bool(way["extrapolated"][k]),
            "frame": int(frames[int(way["nearest"][k])]) + 1,
        }
        for k in range(len(way["nats"]))
    ]


def _worst(store: RunStore) -> dict[str, Any]:
    """The unit that the network explains least."""
    units = store.table("units")
    number = int(units["misfit"].argmax())
    pictures = unit_pictures.pictures_of(store, number)
    most = FAR * store.summary["noise"]
    return {
        "explained": bool(units["explained"][number]),
        "words": unit_pictures.words_of(store, number),
        "pictures": [
            (left_over(values, most) if name == unit_pictures.LEFT else patch(values), name)
            for name, values in pictures.items()
        ],
        "left": unit_drawings.ramp(
            f"−{most:.2g}", f"{most:.2g}", f"{unit_pictures.LEFT}, intensity", "residual"
        ),
    }


def _seen(store: RunStore, number: int) -> str:
    return patch(store.image("patches")[number])
