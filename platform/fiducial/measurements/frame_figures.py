"""Figures of diffraction frames: what the detector saw, and where the beam stood."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from workers.store import MeasurementStore, StoreError

MOST_PIXELS = 256  # along one side of a frame that is drawn; larger ones are summed in blocks
Figure = dict[str, Any]
PLACES_TOLD = 4_000  # of a scan; of more, every second or third


def holds_frames(store: MeasurementStore) -> bool:
    """Whether it is a scan or a rocking curve, not maps."""
    return store.attributes.get("content") in ("scan", "volume")


def mean(store: MeasurementStore) -> NDArray[np.float32]:
    """The mean frame, zero frequency in the middle, at a size a page can show."""
    return np.asarray(store.image("mean", store.levels("mean") - 1)[:], np.float32)


def logarithm(counts: NDArray[Any]) -> NDArray[np.float64]:
    """log₁₀ of counts; what is empty gets the value of the faintest that is not."""
    values = np.asarray(counts, np.float64)
    lit = values[values > 0]
    return np.log10(np.maximum(values, lit.min() if lit.size else 1.0))


def mean_figure(store: MeasurementStore) -> Figure:
    """The mean frame on a logarithmic scale."""
    return _detector(store, mean(store), "mean counts")


def frame_figure(store: MeasurementStore, number: int) -> Figure:
    """Frame `number`, from 0 (StoreError where there is none)."""
    frames = store.array("frames")
    if not 0 <= number < frames.shape[0]:
        raise StoreError(f"There is no frame {number}; there are {frames.shape[0]}.")
    counts = np.asarray(frames[number], np.float64)
    if store.attributes["content"] == "scan":
        counts = np.fft.fftshift(counts)
    block = -(-max(counts.shape) // MOST_PIXELS)
    height, width = (side // block * block for side in counts.shape)
    blocks = counts[:height, :width].reshape(height // block, block, width // block, block)
    return _detector(store, blocks.sum(axis=(1, 3)), "counts")


def places_figure(store: MeasurementStore) -> Figure:
    """Where the beam stood, in pixels of the object; a mark opens its frame."""
    positions, index = (np.asarray(store.array(name)[:]) for name in ("positions", "index"))
    every = -(-len(positions) // PLACES_TOLD)
    shown = np.arange(0, len(positions), every)
    return {
        "data": [
            {
                # Not `scattergl`: browsers of remote desktops often have no WebGL.
                "type": "scatter",
                "mode": "markers",
                "showlegend": False,
                "x": positions[shown, 1].round(2).tolist(),
                "y": positions[shown, 0].round(2).tolist(),
                "customdata": shown.tolist(),
                "text": [f"frame {number}" for number in index[shown]],
                "hovertemplate": "%{text}: row %{y:.1f}, column %{x:.1f}<extra></extra>",
                "marker": {"size": 5, "color": "var(--accent)"},
            }
        ],
        "layout": {
            "xaxis": {"title": {"text": "column (object pixels)"}, "constrain": "domain"},
            "yaxis": {
                "title": {"text": "row (object pixels)"},
                "autorange": "reversed",
                "scaleanchor": "x",
                "constrain": "domain",
            },
            "margin": {"t": 12},
        },
    }


def rocking_figure(store: MeasurementStore) -> Figure:
    """Counts of every frame, in the order in which the crystal turned."""
    frames = store.array("frames")
    step = frames.chunks[0]
    total = np.concatenate(
        [
            np.asarray(frames[first : first + step], np.float64).sum(axis=(1, 2))
            for first in range(0, frames.shape[0], step)
        ]
    )
    return {
        "data": [
            {
                "type": "scatter",
                "mode": "lines+markers",
                "showlegend": False,
                "x": list(range(len(total))),
                "y": total.tolist(),
                "customdata": list(range(len(total))),
                "hovertemplate": "frame %{x}: %{y:.4g} counts<extra></extra>",
                "line": {"color": "var(--accent)"},
            }
        ],
        "layout": {
            "xaxis": {"title": {"text": "frame"}},
            "yaxis": {"title": {"text": "counts of the frame"}, "type": "log"},
            "margin": {"t": 12},
        },
    }


def _detector(store: MeasurementStore, counts: NDArray[Any], title: str) -> Figure:
    """A frame as a picture; axes count detector pixels, from zero frequency where it is known."""
    logged = logarithm(counts)
    height, width = store.image("mean").shape
    scan = store.attributes["content"] == "scan"
    step = height / counts.shape[0]
    first = (-(height // 2), -(width // 2)) if scan else (0, 0)
    low, high = int(np.floor(logged.min())), int(np.ceil(logged.max()))
    ticks = list(range(low, max(high, low + 1) + 1))
    away = " from zero frequency" if scan else ""
    return {
        "data": [
            {
                "type": "heatmap",
                "z": [[round(float(value), 3) for value in row] for row in logged],
                "x0": first[1] + (step - 1) / 2,
                "dx": step,
                "y0": first[0] + (step - 1) / 2,
                "dy": step,
                "colorscale": "Cividis",
                "colorbar": {
                    "title": {"text": f"{title} (logarithmic)", "side": "right"},
                    "thickness": 12,
                    "tickvals": ticks,
                    "ticktext": [f"{10.0**tick:g}" for tick in ticks],
                },
                "hovertemplate": "row %{y}, column %{x}<extra></extra>",
            }
        ],
        "layout": {
            "xaxis": {"title": {"text": f"column (pixels{away})"}, "constrain": "domain"},
            "yaxis": {
                "title": {"text": f"row (pixels{away})"},
                "autorange": "reversed",
                "scaleanchor": "x",
                "constrain": "domain",
            },
            "margin": {"t": 12},
        },
    }
