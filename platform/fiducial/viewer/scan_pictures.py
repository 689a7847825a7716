"""Pictures of a reconstructed scan, painted here: an object has too many pixels for a list."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fiducial.reports.pictures import data_uri
from workers.store import RunStore

from . import colours

MOST = 1024  # pixels along a side that are drawn; of more, every second or third
MARKED = 200  # features drawn on the estimate: the safest and the riskiest half
HALF_TURN = np.pi
LIKELY = 0.5  # a risk above which a feature is more likely absent than there
PARTS = ("amplitude", "phase")
NAMES = {
    "estimate": "estimate",
    "std": "uncertainty",
    "risk": "risk",
    "lower": "lower end",
    "upper": "upper end",
    "solver": "without the prior",
    "first": "after three passes",
}
Array = NDArray[Any]
Figure = dict[str, Any]


@dataclass(frozen=True)
class Ruler:
    """Lengths on the object: in nanometres where its pixel is known, else in pixels."""

    step: float
    unit: str

    @classmethod
    def of(cls, store: RunStore) -> "Ruler":
        nm = store.summary["pixel_nm"]
        return cls(nm, "nm") if nm else cls(1.0, "pixels")

    def axes(self, height: int, width: int) -> dict[str, Any]:
        """Axes of a picture of so many pixels, rows running down."""
        half = self.step / 2
        across, down = width * self.step - half, height * self.step - half
        return {
            "xaxis": {
                "title": {"text": f"column ({self.unit})"},
                "range": [-half, across],
                "constrain": "domain",
                "showgrid": False,
                "zeroline": False,
            },
            "yaxis": {
                "title": {"text": f"row ({self.unit})"},
                "range": [down, -half],
                "scaleanchor": "x",
                "constrain": "domain",
                "showgrid": False,
                "zeroline": False,
            },
        }


@dataclass(frozen=True)
class Paint:
    """How a picture is coloured; `title` says the quantity and its unit."""

    palette: str
    low: float
    high: float
    title: str

    def rgba(self, values: Array, shown: Array) -> NDArray[np.uint8]:
        """Colours `(h, w, 4)`; clear where nothing is `shown`."""
        return colours.painted(values, shown, self.palette, (self.low, self.high))


def names(store: RunStore) -> dict[str, str]:
    """Every picture of the object that can be asked for, with its label."""
    samples = {f"samples/{k}": f"sample {k + 1}" for k in range(store.samples)}
    return {name: label for name, label in NAMES.items() if store.has(name)} | samples


def paint_of(store: RunStore, image: str, channel: int) -> Paint:
    """Estimates and samples share their colours, so that they can be compared."""
    part, unit = PARTS[channel], " (rad)" if channel else ""
    if image == "risk":
        tau = store.summary["per_channel"][part]["tau"]
        return Paint("cividis", 0.0, 1.0, f"P(error of {part} > {tau:.2g})")
    if image == "std":
        top = _percentiles(store, "std", channel)[1]
        return Paint("cividis", 0.0, top, f"standard deviation of the {part}{unit}")
    low, high = _percentiles(store, "estimate", channel)
    if not channel:
        return Paint("cividis", low, high, "amplitude (transmission)")
    # Colours that close up are for phases that do; over a small part of a turn they show nothing.
    if high - low < HALF_TURN and -np.pi < low and high < np.pi:
        return Paint("cividis", low, high, "phase (rad)")
    return Paint("cyclic", -np.pi, np.pi, "phase (rad)")


def _percentiles(store: RunStore, image: str, channel: int) -> tuple[float, float]:
    values = np.asarray(store.image(image)[channel], np.float32)[lit(store)]
    low, high = np.percentile(values, (0.5, 99.5)) if values.size else (0.0, 1.0)
    return float(low), max(float(high), float(low) + 1e-6)


def lit(store: RunStore) -> Array:
    """Where the beam was strong enough for the object to be shown, bool `(H, W)`."""
    return np.asarray(store.image("mask")[:], bool)


def painted(store: RunStore, image: str, channel: int) -> tuple[NDArray[np.uint8], Paint]:
    """A picture of the object in colours, at most `MOST` pixels wide and high."""
    values = np.asarray(store.image(image)[channel], np.float32)
    paint, step = paint_of(store, image, channel), -(-max(values.shape) // MOST)
    if paint.palette == "cyclic":  # samples go on beyond half a turn
        values = np.angle(np.exp(1j * values))
    return paint.rgba(values[::step, ::step], lit(store)[::step, ::step]), paint


def of_object(store: RunStore, image: str, channel: int) -> Figure:
    """One picture of the object; on the estimate, its features."""
    picture, paint = painted(store, image, channel)
    marks = _features(store, channel) if image == "estimate" else []
    return framed(picture, paint, store.shape, Ruler.of(store), marks)


def framed(
    picture: NDArray[np.uint8],
    paint: Paint,
    shape: tuple[int, int],
    ruler: Ruler,
    marks: list[Figure] | None = None,
) -> Figure:
    """A painted picture of `shape` pixels with its axes, its colour bar and marks on it."""
    height, width = shape
    corner = -ruler.step / 2
    return {
        "data": [bar(paint), *(marks or [])],
        "layout": {
            **ruler.axes(height, width),
            "images": [
                {
                    "source": data_uri(picture),
                    "xref": "x",
                    "yref": "y",
                    "x": corner,
                    "y": corner,
                    "sizex": width * ruler.step,
                    "sizey": height * ruler.step,
                    "sizing": "stretch",
                    "layer": "below",
                }
            ],
            "margin": {"t": 12},
            "legend": {"y": -0.2},
        },
    }


def bar(paint: Paint) -> Figure:
    """A trace without marks that brings the colour bar of a picture."""
    turns = {"tickvals": [-3.14159, -1.5708, 0, 1.5708, 3.14159]}
    words = {"ticktext": ["−π", "−π/2", "0", "π/2", "π"]}
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [None],
        "y": [None],
        "showlegend": False,
        "hoverinfo": "skip",
        "marker": {
            "color": [paint.low],
            "cmin": paint.low,
            "cmax": paint.high,
            "colorscale": colours.scale(paint.palette),
            "showscale": True,
            "colorbar": {
                "title": {"text": paint.title, "side": "right"},
                "thickness": 12,
                **(turns | words if paint.palette == "cyclic" else {}),
            },
        },
    }


def _features(store: RunStore, channel: int) -> list[Figure]:
    """Marks of features by what is likelier: that they are there, or that they are not."""
    table, ruler = store.table("features"), Ruler.of(store)
    mine = np.flatnonzero(table["channel"] == channel)
    mine = mine[np.argsort(table["risk"][mine])]
    if len(mine) > MARKED:
        mine = np.concatenate([mine[: MARKED // 2], mine[-MARKED // 2 :]])
    risk = table["risk"][mine]
    looks = (
        ("likelier there", risk <= LIKELY, {"symbol": "circle-open", "color": "#e64b35"}),
        ("likelier absent", risk > LIKELY, {"symbol": "x-thin-open", "color": "#e64b35"}),
    )
    return [
        {
            "type": "scatter",
            "mode": "markers",
            "name": name,
            "x": (table["x"][mine][chosen] * ruler.step).round(2).tolist(),
            "y": (table["y"][mine][chosen] * ruler.step).round(2).tolist(),
            "text": [f"{value:.0%}" for value in risk[chosen]],
            "hovertemplate": "risk %{text}<extra>%{fullData.name}</extra>",
            "marker": {**look, "size": 11, "line": {"width": 2}},
        }
        for name, chosen, look in looks
        if chosen.any()
    ]


def probe(store: RunStore, part: str) -> Figure:
    """The modes of the probe side by side: "amplitude" or "phase", the strongest first.

    A phase fades with its amplitude: where there is no light it means nothing.
    """
    amplitude = np.asarray(store.image("probe_amplitude")[:], np.float32)
    modes, side, _ = amplitude.shape
    strength = amplitude / max(float(amplitude.max()), 1e-12)
    if part == "amplitude":
        paint = Paint("cividis", 0.0, float(amplitude.max()), "amplitude (√counts)")
        pictures = [paint.rgba(each, np.ones_like(each, bool)) for each in amplitude]
    else:
        paint = Paint("cyclic", -np.pi, np.pi, "phase (rad)")
        phase = np.asarray(store.image("probe_phase")[:], np.float32)
        pictures = [paint.rgba(each, np.ones_like(each, bool)) for each in phase]
        for picture, each in zip(pictures, strength, strict=True):
            picture[..., 3] = np.round(255 * np.sqrt(each / max(float(each.max()), 1e-12)))
    figure = framed(np.concatenate(pictures, axis=1), paint, (side, modes * side), Ruler.of(store))
    ruler = Ruler.of(store)
    figure["layout"]["margin"] = {"t": 30}
    figure["layout"]["annotations"] = [
        {
            "x": (k + 0.5) * side * ruler.step,
            "y": -ruler.step,
            "yanchor": "bottom",
            "showarrow": False,
            "text": f"{k + 1}: {share:.0%}",
        }
        for k, share in enumerate(store.summary["modes"])
    ]
    return figure


def residual_pattern(store: RunStore) -> Figure:
    """What the model misses on the detector, summed over frames, from zero frequency on."""
    values = np.asarray(store.image("residual_pattern")[:], np.float32)
    side = values.shape[0]
    most = max(float(np.percentile(np.abs(values), 99.5)), 1.0)
    paint = Paint("residual", -most, most, "counts too many (standard errors)")
    figure = framed(
        paint.rgba(values, np.ones_like(values, bool)), paint, values.shape, Ruler(1.0, "")
    )
    for axis, name in (("xaxis", "column"), ("yaxis", "row")):
        figure["layout"][axis] |= {
            "title": {"text": f"{name} (pixels from middle)"},
            "tickvals": [0, side // 4, side // 2, 3 * side // 4],
            "ticktext": [f"{at - side // 2}" for at in (0, side // 4, side // 2, 3 * side // 4)],
        }
    return figure
