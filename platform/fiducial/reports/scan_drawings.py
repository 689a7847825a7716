"""Charts and pictures of a report on a diffraction scan."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fiducial.measurements.frame_figures import logarithm
from fiducial.viewer import colours, scan_pictures
from fiducial.viewer.scan_figures import were_moved
from fiducial.viewer.scan_pictures import Paint, Ruler
from workers.store import MeasurementStore, RunStore

from .charts import LEFT, RIGHT, WIDTH, Axis, Chart, said
from .pictures import data_uri, enlarged

LEAST = 400  # pixels of a picture: smaller ones are enlarged, pixel by pixel
PAPER = 255  # what is not lit is left white
Array = NDArray[Any]
Drawn = dict[str, Any]


def of_object(store: RunStore, image: str, channel: int) -> Drawn:
    """A picture of the object with axes, and its scale of colours."""
    picture, paint = scan_pictures.painted(store, image, channel)
    ruler, (height, width) = Ruler.of(store), store.shape
    chart = Chart(
        Axis(f"column ({ruler.unit})", 0, width * ruler.step),
        Axis(f"row ({ruler.unit})", 0, height * ruler.step, falling=True),
        f"{paint.title} of the object, {scan_pictures.NAMES[image]}",
        height=_height(height, width),
        image=data_uri(_opaque(picture)),
    )
    return {"chart": chart.drawn(), "ramp": ramp(paint)}


def probe(store: RunStore) -> Drawn:
    """The amplitude of every mode, side by side, with their shares of the power."""
    modes = np.asarray(store.image("probe_amplitude")[:], np.float32)
    paint = Paint("cividis", 0.0, float(modes.max()), "amplitude of the probe (√counts)")
    beside = np.concatenate(list(modes), axis=1)
    picture = paint.rgba(beside, np.ones_like(beside, bool))
    ruler, (count, side, _) = Ruler.of(store), modes.shape
    chart = Chart(
        Axis(f"column ({ruler.unit}), mode after mode", 0, count * side * ruler.step),
        Axis(f"row ({ruler.unit})", 0, side * ruler.step, falling=True),
        "The amplitude of every mode of the probe",
        height=_height(side, count * side),
        image=data_uri(_opaque(picture)),
    )
    return {"chart": chart.drawn(), "ramp": ramp(paint)}


def rings(store: RunStore) -> Drawn:
    """The correlation of two halves against frequency, with threshold and crossing."""
    ruler, table = Ruler.of(store), store.table("rings")
    frequency = table["frequency"] / ruler.step
    chart = Chart(
        Axis(f"frequency (1/{ruler.unit.removesuffix('s')})", 0, float(frequency.max())),
        Axis("correlation of rings", -0.1, 1.05),
        "Correlation of two halves of the frames against spatial frequency",
        height=230,
    )
    chart.line(_finite(frequency, table["threshold"]), "span")
    chart.line(_finite(frequency, table["correlation"]), "along")
    period = store.summary["resolution"]["period_px"]
    if period and np.isfinite(period):
        chart.rules([1 / (period * ruler.step)])
    return chart.drawn()


def by_frame(store: RunStore) -> Drawn:
    """How far each frame is missed; those left out stand out."""
    frames = store.table("frames")
    held = frames["held"].astype(bool)
    top = float(np.percentile(frames["ratio"], 99.5))
    chart = Chart(
        Axis.around("frame of the scan", frames["index"]),
        Axis("deviance ÷ that of noise", 0, 1.1 * max(top, float(frames["ratio"][held].max()), 1)),
        "How far every frame is missed, over what noise gives",
        height=200,
    )
    shown = frames["ratio"] <= chart.y.high
    for look, mine, shape in (("ring", ~held & shown, 0), ("other", held, 1)):
        points = zip(frames["index"][mine], frames["ratio"][mine], strict=True)
        chart.marks(points, look, shape)
    chart.line([(chart.x.low, 1), (chart.x.high, 1)], "rule")
    return chart.drawn()


def places(store: RunStore) -> Drawn:
    """Where the middle of the beam stood, as told and, where they were moved, as used."""
    ruler, frames, half = Ruler.of(store), store.table("frames"), store.summary["side"] / 2
    height, width = store.shape
    chart = Chart(
        Axis(f"column ({ruler.unit})", 0, width * ruler.step),
        Axis(f"row ({ruler.unit})", 0, height * ruler.step, falling=True),
        "The place of the beam on the object for every frame",
        height=_height(height, width),
    )
    looks = (("span", ""), ("dot", "used_")) if were_moved(store) else (("dot", ""),)
    for look, kind in looks:
        at = [(frames[f"{kind}{axis}"] + half) * ruler.step for axis in ("column", "row")]
        chart.marks(zip(*at, strict=True), look)
    following = store.table("next")
    at = [(following[axis] + half) * ruler.step for axis in ("column", "row")]
    chart.marks(zip(*at, strict=True), "pin", 3)
    return chart.drawn()


def course(store: RunStore) -> Drawn:
    """The misfit after every pass."""
    table = store.table("course")
    chart = Chart(
        Axis.around("pass over all frames", table["epoch"]),
        Axis("misfit R", 0, 1.05 * float(np.percentile(table["misfit"], 95))),
        "The misfit R after every pass",
        height=150,
    )
    kept = table["misfit"] <= chart.y.high
    chart.line(_finite(table["epoch"][kept], table["misfit"][kept]), "along")
    return chart.drawn()


def residual_pattern(store: RunStore) -> Drawn:
    """What the model misses on the detector, over all frames."""
    values = np.asarray(store.image("residual_pattern")[:], np.float32)
    most = max(float(np.percentile(np.abs(values), 99.5)), 1.0)
    paint = Paint("residual", -most, most, "counts too many (standard errors), all frames")
    return _square(paint, values)


def frame(measured: MeasurementStore, number: int) -> Drawn:
    """One frame on a logarithmic scale, zero frequency in the middle."""
    counts = np.fft.fftshift(np.asarray(measured.array("frames")[number], np.float64))
    logged = logarithm(counts)
    paint = Paint("cividis", float(logged.min()), float(logged.max()), "counts (logarithmic)")
    drawn = _square(paint, logged)
    drawn["ramp"] |= {"low": said(10**paint.low), "high": said(10**paint.high)}
    return drawn


def ramp(paint: Paint) -> Drawn:
    """The scale of colours, for `reports/_ramp.html`."""
    picture = colours.lut(paint.palette)[np.arange(256)[None]]
    words = {"low": said(paint.low), "high": said(paint.high)}
    if paint.palette == "cyclic":
        words = {"low": "−π", "high": "π"}
    return {"picture": data_uri(picture), "title": paint.title, **words}


def _square(paint: Paint, values: Array) -> Drawn:
    picture = paint.rgba(values, np.ones_like(values, bool))
    grow = max(1, LEAST // values.shape[0])
    return {"picture": data_uri(enlarged(_opaque(picture), grow)), "ramp": ramp(paint)}


def _opaque(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Without transparency, which the printer would paint black."""
    return np.where(picture[..., 3:] > 0, picture[..., :3], PAPER).astype(np.uint8)


def _height(rows: int, columns: int) -> int:
    """Of a chart's field, so that pixels are square."""
    return round((WIDTH - LEFT - RIGHT) * rows / columns)


def _finite(x: Array, y: Array) -> Sequence[tuple[float, float]]:
    kept = np.isfinite(x) & np.isfinite(y)
    return list(zip(x[kept].tolist(), y[kept].tolist(), strict=True))
