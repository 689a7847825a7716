"""Cells of a calorimeter as a figure: its layers side by side, every cell in its own size."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workers.events import Cells

from .colours import lut

LEVELS = 32  # colours told apart; the cells of one are drawn together
MOST_LAYERS = 6  # side by side; of more, those with the most energy
DECADES = 4.0  # of a logarithmic scale, down from its top
GAP = 0.03  # between layers, of the figure's width
MARGIN = 0.04  # around the cells that are drawn, of their extent
AXES = {
    "plane": ("x (mm)", "y (mm)"),
    "eta-phi": ("η", "φ (rad)"),
    "polar": ("radius (mm)", "angle (rad)"),
}
Figure = dict[str, Any]
Array = NDArray[Any]


@dataclass(frozen=True)
class Scale:
    """Colours of values from `low` to `top`; `name` is the title of the colour bar."""

    name: str
    low: float
    top: float
    logarithmic: bool = True
    palette: str = "cividis"

    @classmethod
    def of_energies(cls, name: str, values: Array) -> "Scale":
        """DECADES down from the largest value, to whole powers of ten."""
        top = float(np.ceil(np.log10(max(float(values.max(initial=0)), 1e-3))))
        return cls(name, 10 ** (top - DECADES), 10**top)

    def at(self, values: Array) -> Array:
        """Where values lie between the ends, 0 to 1; what is below `low` has its colour."""
        if not self.logarithmic:
            return np.clip((values - self.low) / (self.top - self.low), 0, 1)
        low, top = np.log10(self.low), np.log10(self.top)
        return np.clip((np.log10(np.maximum(values, self.low)) - low) / (top - low), 0, 1)

    def bar(self) -> dict[str, Any]:
        """The colour bar, of a marker."""
        ends = (np.log10(self.low), np.log10(self.top)) if self.logarithmic else None
        ticks = list(range(round(ends[0]), round(ends[1]) + 1)) if ends else None
        colours = lut(self.palette)
        stops = np.linspace(0, 1, 11)
        return {
            "cmin": ends[0] if ends else self.low,
            "cmax": ends[1] if ends else self.top,
            "colorscale": [
                [float(stop), _hex(colours[round(255 * stop)])] for stop in stops.round(2)
            ],
            "showscale": True,
            "colorbar": {
                "title": {"text": self.name, "side": "right"},
                "thickness": 12,
                **(
                    {"tickvals": ticks, "ticktext": [f"{10.0**tick:g}" for tick in ticks]}
                    if ticks
                    else {}
                ),
            },
        }


def display(
    cells: Cells, values: Array, frame: str, scale: Scale, among: Sequence[int] = ()
) -> Figure:
    """The figure of `cells`, coloured by `values` `(n,)`; a layer without any stays empty.

    `among` are the layers there are; those of `cells` where it is not given.
    """
    layers = shown_layers(cells, values, among)
    data: list[dict[str, Any]] = []
    for column, layer in enumerate(layers):
        mine = cells.layer == layer
        data += _boxes(cells, values, mine, scale, _axis(column))
        data.append(_hover(cells, values, mine, scale, _axis(column), layer))
    if data:
        data[-1]["marker"] |= scale.bar()
    return {"data": data, "layout": _layout(cells, layers, frame)}


def shown_layers(cells: Cells, values: Array, among: Sequence[int] = ()) -> list[int]:
    """The layers that are drawn, in their order: MOST_LAYERS with the most in them."""
    there = np.array(sorted(set(among) | set(cells.layer.tolist())), np.int64)
    held = [values[cells.layer == layer].sum() for layer in there]
    most = np.argsort(held, kind="stable")[::-1][:MOST_LAYERS]
    return sorted(there[most].tolist())


def _axis(column: int) -> str:
    return "" if column == 0 else str(column + 1)


def _hex(colour: Array) -> str:
    return "#" + "".join(f"{part:02x}" for part in colour)


def _boxes(
    cells: Cells, values: Array, mine: Array, scale: Scale, axis: str
) -> list[dict[str, Any]]:
    """One trace for each colour: all its boxes, one after the other."""
    level = np.round(scale.at(values) * (LEVELS - 1)).astype(int)
    colours = lut(scale.palette)
    found = []
    for one in np.unique(level[mine]):
        boxes = np.flatnonzero(mine & (level == one))
        half = (cells.width[boxes, None] / 2, cells.height[boxes, None] / 2)
        x = cells.x[boxes, None] + half[0] * np.array([-1, 1, 1, -1, -1, np.nan])
        y = cells.y[boxes, None] + half[1] * np.array([-1, -1, 1, 1, -1, np.nan])
        colour = _hex(colours[round(255 * int(one) / (LEVELS - 1))])
        found.append(
            {
                "type": "scatter",
                "mode": "lines",
                "fill": "toself",
                "x": _plain(x.ravel()),
                "y": _plain(y.ravel()),
                "xaxis": f"x{axis}",
                "yaxis": f"y{axis}",
                "fillcolor": colour,
                "line": {"width": 0.5, "color": colour},
                "hoverinfo": "skip",
                "showlegend": False,
            }
        )
    return found


def _hover(
    cells: Cells, values: Array, mine: Array, scale: Scale, axis: str, layer: int
) -> dict[str, Any]:
    """Marks nobody sees, in the middle of every cell: what it holds is told over them."""
    return {
        "type": "scatter",
        "mode": "markers",
        "x": _plain(cells.x[mine]),
        "y": _plain(cells.y[mine]),
        "xaxis": f"x{axis}",
        "yaxis": f"y{axis}",
        "text": [f"{value:.4g}" for value in values[mine]],
        "hovertemplate": f"layer {layer}, %{{x}}, %{{y}}: %{{text}}<extra>{scale.name}</extra>",
        "marker": {"opacity": 0, "size": 8, "color": [0.0] * int(mine.sum())},
        "showlegend": False,
    }


def _layout(cells: Cells, layers: list[int], frame: str) -> dict[str, Any]:
    across, along = AXES[frame]
    wide = (1 - GAP * (len(layers) - 1)) / max(len(layers), 1)
    ranges = [_range(cells.x, cells.width), _range(cells.y, cells.height)]
    layout: dict[str, Any] = {"margin": {"t": 28}, "annotations": []}
    for column, layer in enumerate(layers):
        left = column * (wide + GAP)
        axis = _axis(column)
        layout[f"xaxis{axis}"] = {
            "domain": [left, left + wide],
            "anchor": f"y{axis}",
            "title": {"text": across},
            "range": ranges[0],
            "constrain": "domain",
            "nticks": 4,
            "tickangle": 0,
        }
        layout[f"yaxis{axis}"] = {
            "anchor": f"x{axis}",
            "range": ranges[1],
            "title": {"text": along if column == 0 else ""},
            "showticklabels": column == 0,
            **({} if frame == "polar" else {"scaleanchor": f"x{axis}", "constrain": "domain"}),
        }
        layout["annotations"].append(
            {
                "text": f"layer {layer}",
                "x": left + wide / 2,
                "y": 1,
                "xref": "paper",
                "yref": "paper",
                "yanchor": "bottom",
                "showarrow": False,
            }
        )
    return layout


def _range(middle: Array, side: Array) -> list[float]:
    if not len(middle):
        return [0.0, 1.0]
    low, top = float((middle - side / 2).min()), float((middle + side / 2).max())
    return [low - MARGIN * (top - low), top + MARGIN * (top - low)]


def _plain(values: Array) -> list[float | None]:
    return [None if np.isnan(value) else float(f"{value:.5g}") for value in values.tolist()]
