"""Charts of a reconstructed scan: places, frames, rings of frequency, passes."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from workers.store import RunStore

from . import colours
from .scan_pictures import Ruler

MOST = 4000  # marks of a chart; of more frames, every second or third
MOVED = 1e-6  # pixels; places nearer than that were not corrected
Figure = dict[str, Any]
Array = NDArray[Any]


def places(store: RunStore) -> Figure:
    """Where the middle of the beam stood, coloured by how far its frame is missed."""
    ruler, frames, following = Ruler.of(store), store.table("frames"), store.table("next")
    chosen = np.arange(0, len(frames["index"]), -(-len(frames["index"]) // MOST))
    half = store.summary["side"] / 2
    told = _at(ruler, frames["row"][chosen] + half, frames["column"][chosen] + half)
    used = _at(ruler, frames["used_row"][chosen] + half, frames["used_column"][chosen] + half)
    data = [
        {
            **used,
            "name": "as used",
            "text": [f"frame {n}" for n in frames["index"][chosen]],
            "customdata": frames["ratio"][chosen].round(2).tolist(),
            "hovertemplate": "%{text}: %{customdata} times the noise<extra></extra>",
            "marker": _by_ratio(frames["ratio"], chosen),
        }
    ]
    if were_moved(store):
        ring = {"symbol": "circle-open", "size": 9, "color": "var(--soft)"}
        data.append({**told, "name": "as told", "hoverinfo": "skip", "marker": ring})
    star = {"symbol": "star", "size": 13, "color": "var(--accent)", "line": {"width": 1}}
    data.append(
        {
            **_at(ruler, following["row"] + half, following["column"] + half),
            "name": "to scan next",
            "text": [f"{gain:.1%}" for gain in following["gain"]],
            "hovertemplate": "would take away %{text} of the variance<extra></extra>",
            "marker": star,
        }
    )
    layout = ruler.axes(*store.shape)
    for axis in layout.values():
        axis["showgrid"] = True
    return {"data": data, "layout": {**layout, "legend": {"y": -0.2}, "margin": {"t": 12}}}


def were_moved(store: RunStore) -> bool:
    """Whether places were corrected."""
    return shift(store).max() > MOVED


def shift(store: RunStore) -> Array:
    """How far each frame was moved, in pixels of the object, `(n,)`."""
    frames = store.table("frames")
    return np.hypot(frames["used_row"] - frames["row"], frames["used_column"] - frames["column"])


def by_frame(store: RunStore) -> Figure:
    """How far each frame is missed, in the order of the scan; those left out apart."""
    frames = store.table("frames")
    every = -(-len(frames["index"]) // MOST)
    chosen = np.arange(len(frames["index"])) % every == 0
    held = frames["held"].astype(bool)
    return {
        "data": [
            {
                "type": "scatter",
                "mode": "markers",
                "name": name,
                "x": frames["index"][mine].tolist(),
                "y": frames["ratio"][mine].round(3).tolist(),
                "marker": look,
                "hovertemplate": "frame %{x}: %{y} times the noise<extra>%{fullData.name}</extra>",
            }
            for name, mine, look in (
                ("used", chosen & ~held, {"size": 5, "color": "var(--soft)"}),
                (
                    "left out",
                    held,
                    {"size": 9, "symbol": "diamond", "color": "var(--accent)"},
                ),
            )
        ],
        "layout": {
            "xaxis": {"title": {"text": "frame of the scan"}},
            "yaxis": {"title": {"text": "deviance ÷ that of noise"}},
            "shapes": [_line(y0=1, y1=1, x0=0, x1=1, xref="paper")],
        },
    }


def rings(store: RunStore) -> Figure:
    """How well two halves of the frames agree, by spatial frequency, and where that ends."""
    ruler, table = Ruler.of(store), store.table("rings")
    frequency = (table["frequency"] / ruler.step).round(5).tolist()
    period = store.summary["resolution"]["period_px"]
    line = {"type": "scatter", "x": frequency}
    figure: Figure = {
        "data": [
            {
                **line,
                "mode": "lines+markers",
                "name": "halves",
                "y": table["correlation"].round(4).tolist(),
                "line": {"color": "var(--accent)", "width": 2},
                "marker": {"size": 6},
            },
            {
                **line,
                "mode": "lines",
                "name": "half-bit threshold",
                "y": table["threshold"].round(4).tolist(),
                "line": {"color": "var(--ink)", "dash": "dash"},
            },
        ],
        "layout": {
            "xaxis": {"title": {"text": f"frequency (1/{ruler.unit.removesuffix('s')})"}},
            "yaxis": {"title": {"text": "correlation of rings"}, "range": [-0.1, 1.05]},
        },
    }
    if period and np.isfinite(period):
        at = 1 / (period * ruler.step)
        figure["layout"]["shapes"] = [_line(x0=at, x1=at, y0=0, y1=1, yref="paper")]
    return figure


def dips(store: RunStore) -> Array:
    """Of the rings coarser than the half-bit period, which lie below the threshold, bool."""
    table, period = store.table("rings"), store.summary["resolution"]["period_px"]
    if not period or not np.isfinite(period):
        return np.zeros(0, bool)
    coarser = (table["frequency"] > 0) & (table["frequency"] < 1 / period)
    return (table["correlation"] < table["threshold"])[coarser]


def latent(store: RunStore) -> Figure | None:
    """Frames as the network sees them: alike ones lie together; coloured by how far each is missed.

    None where the network did not look at the scan.
    """
    if not store.has_table("latent"):
        return None
    table, frames = store.table("latent"), store.table("frames")
    chosen = np.arange(0, len(frames["index"]), -(-len(frames["index"]) // MOST))
    return {
        "data": [
            {
                "type": "scatter",
                "mode": "markers",
                "showlegend": False,
                "x": table["first"][chosen].round(4).tolist(),
                "y": table["second"][chosen].round(4).tolist(),
                "text": [f"frame {n}" for n in frames["index"][chosen]],
                "hovertemplate": "%{text}<extra></extra>",
                "marker": _by_ratio(frames["ratio"], chosen),
            }
        ],
        "layout": {
            "xaxis": {"title": {"text": "first component (no unit)"}},
            "yaxis": {"title": {"text": "second component (no unit)"}},
            "margin": {"t": 12},
        },
    }


def _by_ratio(ratio: Array, chosen: Array) -> Figure:
    """Marks coloured by how far their frame is missed."""
    # The colours end where nearly all frames do: one that is far off would darken the others.
    low, high = (float(v) for v in np.percentile(ratio, (1, 99)))
    return {
        "size": 7,
        "color": ratio[chosen].round(3).tolist(),
        "cmin": low,
        "cmax": max(high, low + 1e-3),
        "colorscale": colours.scale("cividis"),
        "colorbar": {
            "title": {"text": "deviance ÷ that of noise", "side": "right"},
            "thickness": 12,
        },
    }


def course(store: RunStore) -> Figure:
    """The misfit after every pass over the frames."""
    table = store.table("course")
    return {
        "data": [
            {
                "type": "scatter",
                "mode": "lines",
                "showlegend": False,
                "x": table["epoch"].tolist(),
                "y": table["misfit"].round(6).tolist(),
                "line": {"color": "var(--accent)", "width": 2},
                "hovertemplate": "pass %{x}: R = %{y:.4f}<extra></extra>",
            }
        ],
        "layout": {
            "xaxis": {"title": {"text": "pass over all frames"}},
            "yaxis": {"title": {"text": "misfit R"}, "type": "log"},
            "margin": {"t": 12},
        },
    }


def _at(ruler: Ruler, rows: Array, columns: Array) -> Figure:
    return {
        "type": "scatter",
        "mode": "markers",
        "x": (columns * ruler.step).round(2).tolist(),
        "y": (rows * ruler.step).round(2).tolist(),
    }


def _line(**ends: Any) -> Figure:
    style = {"color": "var(--line-strong)", "width": 1.5, "dash": "dot"}
    return {"type": "line", "line": style, **ends}
