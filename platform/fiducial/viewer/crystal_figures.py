"""Figures of a crystal: three slices through its middle, its starts, what they share."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from workers.store import RunStore

from . import scan_pictures
from .scan_pictures import Paint, Ruler

SURFACE = 0.3  # of the largest magnitude: where the crystal is taken to end
PICTURES = {
    "magnitude": Paint("cividis", 0.0, 1.0, "magnitude (share of the largest)"),
    "phase": Paint("cyclic", -np.pi, np.pi, "phase (rad)"),
    "differ": Paint("cividis", 0.0, 0.5, "standard deviation of starts (share of the largest)"),
}
PLANES = ("row × column", "angle × column", "angle × row")
HALF = 0.5
Array = NDArray[Any]
Figure = dict[str, Any]


def there(store: RunStore) -> Array:
    """Where the crystal is, bool `(s, s, s)` in the axes angle, row, column."""
    return np.asarray(store.image("magnitude")[:], np.float32) > SURFACE


def beside(store: RunStore, name: str) -> NDArray[np.uint8]:
    """Three slices through the middle, one beside the other, in colours `(s, 3s, 4)`.

    A phase is clear outside the crystal, where it means nothing.
    """
    paint = PICTURES[name]
    values = _three(np.asarray(store.image(name)[:], np.float32))
    shown = _three(there(store)) if name == "phase" else np.ones(values.shape, bool)
    return paint.rgba(values, shown)


def _three(volume: Array) -> Array:
    """Slices `(s, 3s)` across angle, row and column, each through the middle of the cube."""
    middle = len(volume) // 2
    planes = (volume[middle], volume[:, middle], volume[:, :, middle])
    return np.concatenate(planes, axis=1)


def slices(store: RunStore, name: str) -> Figure:
    """One of `PICTURES`, slice beside slice."""
    picture, side = beside(store, name), store.shape[0]
    figure = scan_pictures.framed(picture, PICTURES[name], picture.shape[:2], Ruler(1.0, "voxels"))
    layout = figure["layout"]
    layout["margin"] = {"t": 30}
    layout["xaxis"]["title"] = {"text": "second axis of each slice (voxels)"}
    layout["yaxis"]["title"] = {"text": "first axis (voxels)"}
    ticks = [k * side + at for k in range(len(PLANES)) for at in (0, side // 2)]
    layout["xaxis"] |= {"tickvals": ticks, "ticktext": [str(at % side) for at in ticks]}
    layout["annotations"] = [
        {
            "x": (k + 0.5) * side,
            "y": -1,
            "yanchor": "bottom",
            "showarrow": False,
            "text": plane,
        }
        for k, plane in enumerate(PLANES)
    ]
    return figure


def course(store: RunStore) -> Figure:
    """The misfit of every start as it went."""
    table = store.table("course")
    return {
        "data": [
            {
                "type": "scatter",
                "mode": "lines",
                "name": f"start {start + 1}",
                "x": table["look"][table["start"] == start].tolist(),
                "y": table["misfit"][table["start"] == start].round(6).tolist(),
            }
            for start in np.unique(table["start"]).tolist()
        ],
        "layout": {
            "xaxis": {"title": {"text": "look at the support, every 20 iterations"}},
            "yaxis": {"title": {"text": "misfit R"}, "type": "log"},
            "legend": {"y": -0.25},
            "margin": {"t": 12},
        },
    }


def transfer(store: RunStore) -> Figure:
    """What is left of the amplitude when starts are averaged, shell by shell of frequency."""
    table = store.table("transfer")
    level = {"color": "var(--line-strong)", "width": 1.5, "dash": "dot"}
    return {
        "data": [
            {
                "type": "scatter",
                "mode": "lines+markers",
                "showlegend": False,
                "x": table["frequency"].round(4).tolist(),
                "y": table["share"].round(4).tolist(),
                "line": {"color": "var(--accent)", "width": 2},
            }
        ],
        "layout": {
            "xaxis": {"title": {"text": "frequency (1/voxel)"}},
            "yaxis": {"title": {"text": "amplitude that starts share"}, "range": [0, 1.1]},
            "shapes": [
                {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": HALF, "y1": HALF}
                | {"line": level}
            ],
            "margin": {"t": 12},
        },
    }
