"""Figures of units: states over time, the plane they lie in, the way between them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from workers.store import RunStore

PLAIN = "Cividis"
SYMBOLS = ("circle", "diamond", "square", "triangle-up")
NINETY = 1.645  # standard deviations on each side of a 90 % interval
STATES = ("#0072b2", "#e69f00", "#009e73", "#cc79a7")  # Okabe and Ito's
BARE = {
    "showticklabels": False,
    "ticks": "",
    "showgrid": False,
    "zeroline": False,
    "showline": False,
}
Figure = dict[str, Any]
Array = NDArray[Any]


def plane(store: RunStore) -> Figure:
    """Units on the plane, F beneath them, the way over it; a click opens a unit."""
    units, places, grid = (store.table(name) for name in ("units", "places", "grid"))
    heights = store.table("height")["nats"].reshape(len(grid["v"]), len(grid["u"]))
    data: list[dict[str, Any]] = [
        {
            "type": "contour",
            "x": plain(grid["u"]),
            "y": plain(grid["v"]),
            "z": [plain(row, 2) for row in heights],
            "colorscale": PLAIN,
            "reversescale": True,
            "contours": {"coloring": "heatmap", "showlines": False},
            "colorbar": {"title": {"text": "F (nats)", "side": "right"}, "thickness": 12},
            "hoverinfo": "skip",
            "showlegend": False,
        }
    ]
    for state in sorted(set(units["state"].tolist())):
        mine = units["state"] == state
        data.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": f"state {state + 1}" if state >= 0 else "not followed",
                "x": plain(places["u"][mine]),
                "y": plain(places["v"][mine]),
                "customdata": np.flatnonzero(mine).tolist(),
                "text": [f"frame {frame + 1}" for frame in units["frame"][mine]],
                "hovertemplate": "%{text}<extra>%{fullData.name}</extra>",
                "marker": {
                    "symbol": SYMBOLS[state % len(SYMBOLS)],
                    "size": 9,
                    "color": "var(--surface)",
                    "line": {"color": "var(--ink)", "width": 1.5},
                },
            }
        )
    layout = axes("along the change", "across it") | {"legend": {"y": -0.28}, "margin": {"t": 12}}
    return {"data": data + _way(store), "layout": layout}


def _way(store: RunStore) -> list[dict[str, Any]]:
    """The way between states: full where units were seen, dashed where it is extrapolated."""
    if not store.has_table("path"):
        return []
    way = store.table("path")
    line = {"type": "scatter", "mode": "lines", "hoverinfo": "skip"}
    unseen = way["extrapolated"].astype(bool)
    # A piece is extrapolated where either of its ends is.
    dashed = unseen | np.roll(unseen, 1) | np.roll(unseen, -1)
    return [
        {
            **line,
            "name": name,
            "x": _gapped(way["u"], keep),
            "y": _gapped(way["v"], keep),
            "line": {"color": "var(--accent)", "width": 3, "dash": dash},
        }
        for name, keep, dash in (("seen", ~unseen, "solid"), ("extrapolated", dashed, "dash"))
        if keep.any()
    ]


def through_time(store: RunStore) -> Figure:
    """The angle of every unit against its frame, with its arc; lines where a state changes.

    Of places, which keep no angle, the share in each state.
    """
    if store.summary["what"] == "places" and store.summary["states"]:
        return _shares(store.summary["states"]["shares"])
    units = store.table("units")
    return {
        "data": [
            {
                "type": "scatter",
                "mode": "markers",
                "name": f"state {state + 1}" if state >= 0 else "not followed",
                "x": (units["frame"][mine] + 1).tolist(),
                "y": plain(units["angle"][mine], 2),
                "customdata": np.flatnonzero(mine).tolist(),
                "error_y": {"type": "data", "array": plain(units["arc"][mine], 2), "width": 0},
                "marker": {
                    "symbol": SYMBOLS[state % len(SYMBOLS)],
                    "size": 8,
                    "color": "var(--accent)" if state % 2 == 0 else "var(--ink)",
                },
                "hovertemplate": "frame %{x}: %{y:.1f}° ± %{error_y.array:.1f}°<extra></extra>",
            }
            for state in sorted(set(units["state"].tolist()))
            for mine in (units["state"] == state,)
        ],
        "layout": {
            **axes("frame", f"angle (°, modulo {360 / store.summary['order']:.0f}°)"),
            "shapes": _changes(store.summary),
        },
    }


def _shares(shares: list[list[float]]) -> Figure:
    return {
        "data": [
            {
                "type": "scatter",
                "mode": "lines+markers",
                "name": f"state {state + 1}",
                "x": list(range(1, len(shares) + 1)),
                "y": [100 * each for each in column],
                "line": {"color": STATES[state % len(STATES)], "width": 2},
                "marker": {"symbol": SYMBOLS[state % len(SYMBOLS)], "size": 9},
                "hovertemplate": "frame %{x}: %{y:.0f} % in %{fullData.name}<extra></extra>",
            }
            for state, column in enumerate(zip(*shares, strict=True))
        ],
        "layout": {
            **axes("frame", "places in the state (%)"),
            "xaxis": {"title": {"text": "frame"}, "dtick": max(1, len(shares) // 10)},
        },
    }


def latents(store: RunStore) -> Figure:
    """Every latent against the frame, with its 90 % interval."""
    units = store.table("units")
    names = [f"z{k + 1}" for k in range(store.summary["latents"])]
    return {
        "data": [
            {
                "type": "scatter",
                "mode": "markers",
                "name": name,
                "x": (units["frame"] + 1).tolist(),
                "y": plain(units[name]),
                "customdata": list(range(len(units["frame"]))),
                "error_y": {
                    "type": "data",
                    "array": plain(NINETY * units[f"{name}_sd"]),
                    "width": 0,
                    "thickness": 1,
                },
                "marker": {"symbol": SYMBOLS[k % len(SYMBOLS)], "size": 7},
                "hovertemplate": f"frame %{{x}}: {name} = %{{y:.2f}}<extra></extra>",
            }
            for k, name in enumerate(names)
        ],
        "layout": {
            **axes("frame", "latent (standard deviations)"),
            "shapes": _changes(store.summary),
            "colorway": ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00"],
        },
    }


def _changes(summary: dict[str, Any]) -> list[dict[str, Any]]:
    """Lines where the one track changes; with many tracks they would say nothing."""
    found = summary["states"]
    if not found or len(found["changes"]) != 1:
        return []
    line = {"type": "line", "yref": "paper", "y0": 0, "y1": 1}
    style = {"color": "var(--line-strong)", "width": 1.5, "dash": "dot"}
    return [
        {**line, "x0": frame - 0.5, "x1": frame - 0.5, "line": style}
        for frame in found["changes"][0]
    ]


def strip(store: RunStore) -> Figure | None:
    """Decoded pictures at equal lengths of the way, above the nearest real patch of each."""
    if not store.has_table("path"):
        return None
    way = store.table("path")
    rows = [side_by_side(np.asarray(store.image(name)[:])) for name in ("nearest", "path")]
    side, count = store.shape[0], len(way["nats"])
    units = store.table("units")
    words = [
        {
            "x": (k + 0.5) * side,
            "y": 2 * side + 2,
            "yanchor": "bottom",
            "showarrow": False,
            "text": "?" if unseen else f"{nats:.1f}",
        }
        for k, (unseen, nats) in enumerate(zip(way["extrapolated"], way["nats"], strict=True))
    ] + [
        {
            "x": (k + 0.5) * side,
            "y": -2,
            "yanchor": "top",
            "showarrow": False,
            "text": f"{units['frame'][int(n)] + 1}",
        }
        for k, n in enumerate(way["nearest"])
    ]
    return {
        "data": [picture(np.concatenate(rows), "intensity")],
        "layout": {
            "xaxis": {**BARE, "range": [0, side * count]},
            "yaxis": {**BARE, "range": [-0.6 * side, 2.6 * side], "scaleanchor": "x"},
            "annotations": words,
            "margin": {"l": 8, "t": 8, "b": 8},
        },
    }


def tiles(store: RunStore) -> Figure:
    """What the network decodes over the plane; blank where next to no unit was ever seen."""
    pictures, at = np.asarray(store.image("tiles")[:]), store.table("tiles")
    shown = at["seen"].astype(bool)[:, None, None] & (pictures != 0)  # 0 : beyond the circle
    pictures = np.where(shown, pictures, np.nan)
    count, side = len(np.unique(at["u"])), store.shape[0]
    rows = [side_by_side(each) for each in pictures.reshape(count, count, side, side)]
    middles = (np.arange(count) + 0.5) * side
    ticks = {"tickmode": "array", "tickvals": middles.tolist(), "showgrid": False}
    x = {**ticks, "ticktext": [f"{u:.1f}" for u in at["u"][:count]], "constrain": "domain"}
    y = {**ticks, "ticktext": [f"{v:.1f}" for v in at["v"][::count]], "scaleanchor": "x"}
    return {
        "data": [picture(np.concatenate(rows), "intensity")],
        "layout": {
            "xaxis": {**x, "title": {"text": "along the change"}},
            "yaxis": {**y, "title": {"text": "across it"}, "constrain": "domain"},
        },
    }


def height(store: RunStore) -> Figure | None:
    """F along the way."""
    if not store.has_table("path"):
        return None
    way = store.table("path")
    unseen = way["extrapolated"].astype(bool)
    return {
        "data": [
            {
                "type": "scatter",
                "mode": "lines+markers",
                "showlegend": False,
                "x": np.linspace(0, 100, len(way["nats"])).round().tolist(),
                "y": plain(way["nats"], 2),
                "line": {"color": "var(--accent)", "width": 2},
                "marker": {
                    "size": 9,
                    "color": ["var(--surface)" if each else "var(--accent)" for each in unseen],
                    "line": {"color": "var(--accent)", "width": 2},
                },
                "hovertemplate": "%{x} % of the way: %{y:.1f} nats<extra></extra>",
            }
        ],
        "layout": axes("share of the way (%)", "F (nats)"),
    }


def picture(values: Array, title: str) -> dict[str, Any]:
    return {
        "type": "heatmap",
        "z": [[None if np.isnan(v) else round(float(v), 3) for v in row] for row in values],
        "colorscale": PLAIN,
        "colorbar": {"title": {"text": title, "side": "right"}, "thickness": 12},
        "hovertemplate": "%{z:.2f}<extra></extra>",
        "showlegend": False,
    }


def side_by_side(pictures: Array) -> Array:
    """Pictures `(n, p, p)` in a row, the first line of pixels on top where y points up."""
    return np.concatenate(list(pictures[:, ::-1]), axis=1)


def axes(x: str, y: str) -> dict[str, Any]:
    return {"xaxis": {"title": {"text": x}}, "yaxis": {"title": {"text": y}}}


def plain(values: Array, digits: int = 3) -> list[float]:
    return [round(float(value), digits) for value in values]


def _gapped(values: Array, keep: Array) -> list[float | None]:
    return [round(float(v), 4) if ok else None for v, ok in zip(values, keep, strict=True)]
