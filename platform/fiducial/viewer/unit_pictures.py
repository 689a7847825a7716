"""Pictures of units: one frame with all that lie in it, and the card of one unit."""

from typing import Any

import numpy as np

from workers.store import MeasurementStore, RunStore

from . import colours
from .unit_figures import (
    BARE,
    STATES,
    SYMBOLS,
    Array,
    Figure,
    axes,
    picture,
    plain,
    side_by_side,
)

LEFT = "what is left"  # of a unit when the decoded one is taken off
MOST_PIXELS = 512  # along a side of a frame that is drawn


def unit(store: RunStore, number: int) -> dict[str, Any]:
    """The card of one unit: its figure and a sentence. IndexError for one there is none of."""
    pictures, side = pictures_of(store, number), store.shape[0]
    figure = {
        "data": [picture(side_by_side(np.stack(list(pictures.values()))), "intensity")],
        "layout": {
            "xaxis": BARE,
            "yaxis": {**BARE, "scaleanchor": "x"},
            "annotations": [
                {"x": (k + 0.5) * side, "y": side + 1, "yanchor": "bottom", "showarrow": False}
                | {"text": name}
                for k, name in enumerate(pictures)
            ],
            "margin": {"l": 8, "b": 8},
        },
    }
    return {"figure": figure, "words": words_of(store, number)}


def pictures_of(store: RunStore, number: int) -> dict[str, Array]:
    """One unit as it was seen and as the network sees it, by the name of each picture."""
    if not 0 <= number < store.image("patches").shape[0]:
        raise IndexError(number)
    seen, again, canonical = (
        np.asarray(store.image(name)[number]) for name in ("patches", "reconstructed", "canonical")
    )
    return {
        "seen": seen,
        "decoded in its pose": again,
        LEFT: np.where(again != 0, seen - again, 0),
        "turned upright": canonical,
    }


def words_of(store: RunStore, number: int) -> str:
    """What was found of one unit, in a sentence."""
    row = {key: column[number] for key, column in store.table("units").items()}
    explained = "explained within its noise" if row["explained"] else "not explained"
    return (
        f"Frame {row['frame'] + 1}, at x {row['x']:.1f}, y {row['y']:.1f} pixels: turned by "
        f"{row['angle']:.1f}° ± {row['arc']:.1f}° (90 %), {explained} (χ² {row['misfit']:.2f} a "
        "pixel)."
    )


def frame(store: RunStore, movie: MeasurementStore, number: int) -> Figure:
    """One frame with its units, coloured by their angle, and places by their state.

    IndexError for a frame there is none of.
    """
    if not 0 <= number < len(movie.channels):
        raise IndexError(number)
    seen = np.asarray(movie.image("measured")[number])
    step = max(1, -(-max(seen.shape) // MOST_PIXELS))
    units = store.table("units")
    mine = units["frame"] == number
    by_state = store.summary["what"] == "places"
    image = picture(seen[::step, ::step].astype(float), "intensity")
    image |= {"dx": step, "dy": step}
    image["colorbar"] = {**image["colorbar"], "orientation": "h", "y": 1.02, "yanchor": "bottom"}
    return {
        "data": [
            image,
            *(_in_states(units, mine) if by_state else [_turned(store, units, mine)]),
        ],
        "layout": {
            **axes("x (pixels)", "y (pixels)"),
            "legend": {"y": -0.2},
            "yaxis": {
                "title": {"text": "y (pixels)"},
                "autorange": "reversed",
                "scaleanchor": "x",
            },
        },
    }


def _turned(store: RunStore, units: dict[str, Array], mine: Array) -> dict[str, Any]:
    half = 180 / store.summary["order"]
    return _at(units, mine) | {
        "showlegend": False,
        "marker": {
            "size": 14,
            "color": plain(units["angle"][mine], 1),
            "cmin": -half,
            "cmax": half,
            "colorscale": colours.scale("cyclic"),
            "colorbar": {"title": {"text": "angle (°)", "side": "right"}, "thickness": 12},
            "line": {"color": "#ffffff", "width": 2},
        },
        "hovertemplate": "%{marker.color:.1f}°<extra></extra>",
    }


def _in_states(units: dict[str, Array], mine: Array) -> list[dict[str, Any]]:
    """A trace for each state that any frame has, so that colours stay from frame to frame."""
    return [
        _at(units, mine & (units["state"] == state))
        | {
            "name": f"state {state + 1}" if state >= 0 else "not followed",
            "marker": {
                "symbol": SYMBOLS[state % len(SYMBOLS)],
                "size": 9,
                "color": STATES[state % len(STATES)],
                "line": {"color": "#ffffff", "width": 1.5},
            },
            "hovertemplate": "%{fullData.name}<extra></extra>",
        }
        for state in np.unique(units["state"]).tolist()
    ]


def _at(units: dict[str, Array], mine: Array) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "markers",
        "x": plain(units["x"][mine]),
        "y": plain(units["y"][mine]),
        "customdata": np.flatnonzero(mine).tolist(),
    }
