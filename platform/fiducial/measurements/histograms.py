"""How often each value occurs in a map, as a Plotly figure in the style of `viewer.figures`."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from workers.store import MeasurementStore

from . import frames

BINS = 80
PIXELS = 2**22  # enough to know a percentile by
ROWS = 2048  # a map is read in bands of this many rows, so memory stays small


def figure(store: MeasurementStore, channel: int) -> dict[str, Any]:
    """The histogram of one channel; the frequency axis is logarithmic, so rare phases show."""
    element, units = store.channels[channel], store.attributes["units"]
    if frames.is_movie(store):
        low, high = frames.span(frames.coarsest(store, "measured", channel))
        edges, ends = np.linspace(low, high, BINS + 1), "bars at the ends: and beyond"
    else:
        edges = bin_edges(top(store, channel), whole=units == "counts")
        ends = "last bar: and above"
    centres = (edges[:-1] + edges[1:]) / 2
    return {
        "data": [
            {
                "type": "bar",
                "showlegend": False,
                "x": [float(f"{centre:.6g}") for centre in centres],
                "y": count(store, channel, edges).tolist(),
                "width": np.diff(edges).tolist(),
                "marker": {"color": "var(--accent)", "line": {"width": 0}},
                "hovertemplate": "%{x:.4g}: %{y} pixels<extra></extra>",
            }
        ],
        "layout": {
            "xaxis": {"title": {"text": f"{element} ({units}); {ends}"}},
            "yaxis": {"title": {"text": "pixels"}, "type": "log"},
            "bargap": 0,
        },
    }


def top(store: MeasurementStore, channel: int) -> float:
    """The 99.9th percentile, where the axis may end; of a very large map, from a coarser level."""
    level, sizes = 0, store.image("measured").shape[-2:]
    while sizes[0] * sizes[1] > PIXELS << (2 * level):
        level += 1
    return float(np.percentile(np.asarray(store.image("measured", level)[channel]), 99.9))


def bin_edges(top: float, *, whole: bool) -> NDArray[np.float64]:
    """Edges from 0 to about `top`; for counts every bin holds equally many integers."""
    if not whole:
        return np.linspace(0, top or 1.0, BINS + 1)
    step = max(1, int(np.ceil((top + 1) / BINS)))
    return np.arange(-0.5, top + 1 + step, step)


def count(store: MeasurementStore, channel: int, edges: NDArray[np.float64]) -> NDArray[np.int64]:
    """Measured pixels per bin; what lies beyond the edges is counted in the bins at the ends."""
    measured, mask = store.image("measured"), store.image("mask")
    total = np.zeros(len(edges) - 1, np.int64)
    for row in range(0, measured.shape[-2], ROWS):
        band = slice(row, row + ROWS)
        values = np.asarray(measured[channel, band])[np.asarray(mask[band]).astype(bool)]
        total += np.histogram(np.clip(values, edges[0], edges[-1]), edges)[0]
    return total
