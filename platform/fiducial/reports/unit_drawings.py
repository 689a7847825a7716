"""Charts and pictures of a report on units."""

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fiducial.viewer import colours
from fiducial.viewer.unit_figures import NINETY
from workers.store import RunStore

from .charts import Axis, Chart, look_of
from .pictures import data_uri, enlarged

GROW = 8  # a pixel of a patch becomes so many
Array = NDArray[Any]
Drawn = dict[str, Any]


def patch(values: Array) -> str:
    """A patch as a data URI; all are 0 to 1, one scale for every patch of the run."""
    return data_uri(enlarged(_coloured(values, 0.0, 1.0), GROW))


def left_over(values: Array, most: float) -> str:
    """What is left of a patch, from −`most` to `most`, as a data URI."""
    return data_uri(enlarged(_coloured(values, -most, most, "residual"), GROW))


def ramp(low: str, high: str, title: str, palette: str = "cividis") -> Drawn:
    """The scale of colours, for `reports/_ramp.html`."""
    picture = data_uri(_coloured(np.linspace(0, 1, 256)[None], 0, 1, palette))
    return {"picture": picture, "low": low, "high": high, "title": title}


def through_time(store: RunStore) -> Drawn:
    """The angle of every unit against its frame, with its arc; dotted where the state changes.

    Of places, which keep no angle, the share in each state.
    """
    if store.summary["what"] == "places" and store.summary["states"]:
        return _shares(store.summary["states"]["shares"])
    units = store.table("units")
    frame, angle, arc = units["frame"] + 1, units["angle"], units["arc"]
    chart = Chart(
        Axis.around("frame", frame),
        Axis.around(
            f"angle (°, modulo {360 / store.summary['order']:.0f}°)",
            [*(angle - arc), *(angle + arc)],
        ),
        "The angle of every unit against its frame, with its 90 % arc",
        height=230,
    )
    chart.rules(_changes(store.summary))
    chart.bars(zip(frame, angle - arc, angle + arc, strict=True))
    _by_state(chart, units["state"], frame, angle)
    return chart.drawn()


def _shares(shares: list[list[float]]) -> Drawn:
    frames = range(1, len(shares) + 1)
    chart = Chart(
        Axis.around("frame", frames),
        Axis("places in the state (%)", -3, 103),
        "The share of places in each state against the frame",
        height=230,
    )
    for state, column in enumerate(zip(*shares, strict=True)):
        points = [(frame, 100 * share) for frame, share in zip(frames, column, strict=True)]
        chart.line(points, "along")
        chart.marks(points, look_of(state), state)
    return chart.drawn()


def latents(store: RunStore) -> list[Drawn]:
    """A chart of each latent against the frame, with its 90 % interval."""
    units = store.table("units")
    frame = units["frame"] + 1
    charts = []
    for k in range(store.summary["latents"]):
        value, half = units[f"z{k + 1}"], NINETY * units[f"z{k + 1}_sd"]
        chart = Chart(
            Axis.around("frame", frame),
            Axis.around(f"z{k + 1} (standard deviations)", [*(value - half), *(value + half)]),
            f"Latent variable z{k + 1} of every unit against its frame, with its 90 % interval",
            height=120,
        )
        chart.rules(_changes(store.summary))
        chart.bars(zip(frame, value - half, value + half, strict=True))
        _by_state(chart, units["state"], frame, value)
        charts.append(chart.drawn())
    return charts


def plane(store: RunStore) -> Drawn:
    """Units on the plane in which states lie furthest apart, over F, with the way between."""
    units, places, grid = (store.table(name) for name in ("units", "places", "grid"))
    heights = store.table("height")["nats"].reshape(len(grid["v"]), len(grid["u"]))
    chart = Chart(
        _over("along the change (no unit)", grid["u"]),
        _over("across it (no unit)", grid["v"]),
        "Units on the plane in which the states lie furthest apart, over the landscape F",
        height=360,
        image=data_uri(enlarged(_coloured(-heights[::-1], -top_of(store), 0), GROW)),
    )
    if store.has_table("path"):
        _draw_way(chart, store.table("path"))
    for state in np.unique(units["state"]):
        mine = units["state"] == state
        chart.marks(zip(places["u"][mine], places["v"][mine], strict=True), "pin", int(state))
    return chart.drawn()


def _draw_way(chart: Chart, way: dict[str, Array]) -> None:
    """The way as the page of the run has it: a piece is dashed where either end is extrapolated."""
    points = list(zip(way["u"], way["v"], strict=True))
    chart.line(points, "casing")
    for ends, unseen in zip(pairwise(points), pairwise(way["extrapolated"]), strict=True):
        chart.line(ends, "guess" if any(unseen) else "way")


def top_of(store: RunStore) -> float:
    """The highest F that is drawn."""
    return float(store.table("height")["nats"].max())


def height(store: RunStore) -> Drawn:
    """F along the way; hollow where it is extrapolated."""
    way = store.table("path")
    share, nats = np.linspace(0, 100, len(way["nats"])), way["nats"]
    unseen = way["extrapolated"].astype(bool)
    chart = Chart(
        Axis("share of the way (%)", -3, 103),
        Axis.around("F (nats)", [0, *nats]),
        "F along the way",
        height=170,
    )
    chart.line(list(zip(share, nats, strict=True)), "along")
    for look, mine in (("ring", unseen), ("dot", ~unseen)):
        chart.marks(zip(share[mine], nats[mine], strict=True), look)
    return chart.drawn()


def _by_state(chart: Chart, states: Array, x: Array, y: Array) -> None:
    """Marks of each state in its own shape."""
    for state in np.unique(states):
        mine = states == state
        chart.marks(zip(x[mine], y[mine], strict=True), look_of(int(state)), int(state))


def _changes(summary: dict[str, Any]) -> list[float]:
    """Between which frames the one track changes; with many tracks lines would say nothing."""
    found = summary["states"]
    if not found or len(found["changes"]) != 1:
        return []
    return [frame - 0.5 for frame in found["changes"][0]]


def _over(title: str, centres: Array) -> Axis:
    """The axis of a picture whose cells have these centres."""
    half = (centres[1] - centres[0]) / 2
    return Axis(title, float(centres[0] - half), float(centres[-1] + half))


def _coloured(
    values: Array, low: float, high: float, palette: str = "cividis"
) -> NDArray[np.uint8]:
    index = np.clip((values - low) / (high - low) * 255, 0, 255).astype(np.uint8)
    return colours.lut(palette)[index]
