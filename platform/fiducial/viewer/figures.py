"""Plotly figures as plain dictionaries; `var(--name)` stands for a colour of the page's theme."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workers.store import RunStore

from . import appendix, assessed

POINTS = 1500  # along a profile: more than a screen has pixels
Figure = dict[str, Any]
Point = tuple[float, float]


def profile(
    store: RunStore, channel: int, start: Point, end: Point, level: str = assessed.SHOWN_LEVEL
) -> Figure:
    """Counts along a line from `start` to `end` (row, column in fine pixels), with its interval.

    Every value is that of the pixel under the line: nothing is interpolated. Unmeasured stretches
    are gaps. ValueError when the ends are one point or lie outside the map, or for
    a `level` that the run has no interval of.
    """
    height, width = store.shape
    for row, column in (start, end):
        if not (0 <= row < height and 0 <= column < width):
            raise ValueError(f"The point ({row:.0f}, {column:.0f}) lies outside the map.")
    length = math.dist(start, end)
    if length < 1:
        raise ValueError("The two ends of a profile must be at least one pixel apart.")
    along = np.linspace(0, 1, min(POINTS, math.ceil(2 * length) + 1))
    rows = start[0] + along * (end[0] - start[0])
    columns = start[1] + along * (end[1] - start[1])
    pixel_um = store.provenance.get("pixel_size_um")
    step = pixel_um * store.measured_shape[0] / height if pixel_um else 1.0
    distance = (along * length * step).tolist()
    drawn = along_line(store, "mask", 0, rows, columns) > 0

    def line(image: str) -> list[float | None]:
        values = along_line(store, image, channel, rows, columns)
        return [round(float(v), 4) if ok else None for v, ok in zip(values, drawn, strict=True)]

    lower, upper = _band(store.summary, line, level)
    edge = {"type": "scatter", "mode": "lines", "x": distance, "hoverinfo": "skip"}
    return {
        "data": [
            {**edge, "y": lower, "line": {"width": 0}, "showlegend": False},
            {
                **edge,
                "y": upper,
                "line": {"width": 0},
                "fill": "tonexty",
                "fillcolor": "var(--accent)/0.2",
                "name": f"{assessed.percent(level)} interval",
            },
            trace(distance, line("measured"), "measured", color="var(--soft)", width=1.2),
            trace(distance, line("estimate"), "estimate", color="var(--accent)", width=2.2),
        ],
        "layout": {
            "xaxis": {"title": {"text": "distance (µm)" if pixel_um else "distance (pixels)"}},
            "yaxis": {
                "title": {"text": f"{store.channels[channel]} ({units(store)})"},
                "rangemode": "tozero",
            },
            "hovermode": "x unified",
        },
    }


def _band(
    summary: dict[str, Any], line: Callable[[str], list[float | None]], level: str
) -> tuple[list[float | None], list[float | None]]:
    """The lower and upper edge of the interval of a `level` along a line."""
    if level == assessed.SHOWN_LEVEL:
        return line("lower"), line("upper")
    factors = assessed.intervals(summary)
    if level not in factors:
        raise ValueError(f"This run has no interval of the level {level}.")
    pairs = list(zip(line("estimate"), line("std"), strict=True))
    low = [None if e is None else max(0.0, e - factors[level] * s) for e, s in pairs]
    return low, [None if e is None else e + factors[level] * s for e, s in pairs]


def along_line(
    store: RunStore, image: str, channel: int, rows: NDArray[Any], columns: NDArray[Any]
) -> NDArray[Any]:
    """The picture's pixels under points given in fine pixels, 1-D; reads only around them."""
    array = store.image(image)
    y, x = (
        np.minimum((at * have / whole).astype(int), have - 1)
        for at, have, whole in zip((rows, columns), array.shape[-2:], store.shape, strict=True)
    )
    y0, x0 = int(y.min()), int(x.min())
    part = store.window(image, channel, y0, x0, int(y.max()) - y0 + 1, int(x.max()) - x0 + 1)
    return np.asarray(part[y - y0, x - x0])


def trace(x: list[float], y: list[float | None], name: str, **line: Any) -> Figure:
    """One stepped line: a pixel is flat from edge to edge."""
    return {
        "type": "scatter",
        "mode": "lines",
        "x": x,
        "y": y,
        "name": name,
        "line": {"shape": "hvh", **line},
    }


def agreement(summary: dict[str, Any]) -> Figure:
    """χ² per element: of the samples (1 when they are spread rightly) and of their mean."""
    per_channel = summary["per_channel"]
    elements = list(per_channel)
    rows = (("chi2_samples", "samples", "circle"), ("chi2_mean", "estimate", "circle-open"))
    return {
        "data": [
            {
                "type": "scatter",
                "mode": "markers",
                "x": elements,
                "y": [per_channel[element][key] for element in elements],
                "name": name,
                "marker": {"symbol": symbol, "size": 10, "color": "var(--accent)"},
            }
            for key, name, symbol in rows
        ],
        "layout": {
            "yaxis": {"title": {"text": "χ² per measured pixel"}, "rangemode": "tozero"},
            "xaxis": {"type": "category"},
            "shapes": [
                {
                    "type": "rect",
                    "xref": "paper",
                    "x0": 0,
                    "x1": 1,
                    "y0": 0.9,
                    "y1": 1.1,
                    "fillcolor": "var(--accent)/0.12",
                    "line": {"width": 0},
                    "layer": "below",
                }
            ],
        },
    }


def evidence(summary: dict[str, Any], element: str | None = None) -> Figure | None:
    """Which part of a structure the counts fix, by its size: the resolution of evidence."""
    curves = {
        name: said["evidence"]
        for name, said in summary.get("per_channel", {}).items()
        if "evidence" in said
    }
    if not curves:
        return None
    chosen = element if element in curves else next(iter(curves))
    others: tuple[list[float | None], list[float | None]] = ([], [])
    for name, curve in curves.items():
        if name != chosen:
            others[0].extend([*curve["sizes"], None])
            others[1].extend([*curve["shares"], None])
    line = {"type": "scatter", "mode": "lines"}
    sizes = curves[chosen]["sizes"]
    half = {"x": [sizes[0], sizes[-1]], "y": [0.5, 0.5], "name": "half"}
    return {
        "data": [
            {
                **line,
                "x": others[0],
                "y": others[1],
                "name": "other elements",
                "line": {"color": "var(--line-strong)", "width": 1},
                "hoverinfo": "skip",
            },
            {
                **line,
                "x": sizes,
                "y": curves[chosen]["shares"],
                "mode": "lines+markers",
                "name": chosen,
                "line": {"color": "var(--accent)", "width": 2.4},
            },
            {**line, **half, "line": {"color": "var(--soft)", "dash": "dot"}, "hoverinfo": "skip"},
        ],
        "layout": {
            "xaxis": {
                "title": {"text": "size of a structure (pixels of the estimate)"},
                "type": "log",
                "tickvals": sizes,
                "ticktext": [f"{size:g}" for size in sizes],
            },
            "yaxis": {
                "title": {"text": "fixed by the counts"},
                "tickformat": ".0%",
                "range": [0, 1.02],
            },
        },
    }


def calibration(summary: dict[str, Any]) -> Figure | None:
    """How often the intervals held the truth on held-out specimens; None if nobody says."""
    held_out = summary.get("calibration", {}).get("held_out", {})
    kept = {
        float(level): held_out[name]
        for name in held_out
        if (level := name.removeprefix("coverage_")).replace(".", "").isdigit()
    }
    if not kept:
        return None
    levels = sorted(kept)
    marker = {"size": 10, "color": "var(--accent)"}
    points = {"type": "scatter", "mode": "markers", "hoverinfo": "x+y"}
    data = [
        {
            "type": "scatter",
            "mode": "lines",
            "x": [0, 1],
            "y": [0, 1],
            "name": "as promised",
            "line": {"color": "var(--line-strong)", "dash": "dot", "width": 1.5},
            "hoverinfo": "skip",
        },
        {
            **points,
            "x": levels,
            "y": [kept[level] for level in levels],
            "name": "held-out specimens, mean",
            "marker": marker,
        },
    ]
    if "coverage_0.9_worst" in held_out:
        worst = {"x": [0.9], "y": [held_out["coverage_0.9_worst"]], "name": "worst specimen"}
        data.append({**points, **worst, "marker": {**marker, "symbol": "x-thin-open"}})
    percent = {"tickformat": ".0%"}
    return {
        "data": data,
        "layout": {
            "xaxis": {**percent, "title": {"text": "promised"}, "range": [0.4, 1]},
            "yaxis": {**percent, "title": {"text": "held the truth"}, "range": [0.4, 1.02]},
        },
    }


def units(store: RunStore) -> str:
    """The unit of the run's values."""
    return str(store.provenance.get("units", "counts"))


# Figures of a run's page, by the name in their address.
OF_SUMMARY: dict[str, Callable[..., Figure | None]] = {
    "agreement": agreement,
    "calibration": calibration,
    "evidence": evidence,
    "reliability": appendix.reliability,
    "ranks": appendix.ranks,
    "tarp": appendix.tarp,
}
OF_ELEMENT = {"evidence"}  # those that follow the element that is looked at
