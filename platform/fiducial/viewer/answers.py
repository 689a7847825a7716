"""What a run says of phases: how large each is and what it is made of, in counts or wt%.

The run keeps counts. Quantification is linear, so it is applied to the finished answers when they
are looked at: better standards need no new run.
"""

import csv
import io
import math
from dataclasses import dataclass
from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray

from fiducial.measurements.models import Measurement, Standards
from workers.assessment.answers.intervals import MODE
from workers.assessment.answers.standards import Line, fit_lines
from workers.assessment.answers.standards_table import Scaled, read_table
from workers.store import RunStore

from .export import fine_pixel_um

# Okabe and Ito (2008): told apart by colour-blind readers too. viewer.css has the same.
COLOURS = ["e69f00", "56b4e9", "009e73", "f0e442", "0072b2", "d55e00", "cc79a7", "5b5b5b"]
SIDE = 512  # pixels of the map of phases
STANDS_OUT = 0.5  # standard deviations between phases above the mean of the map
NAMED = 3  # elements a phase is called after
COLUMNS = (
    *("phase", "rich_in", "quantity", "element", "unit", "value", "lower", "upper"),
    *("interval", "standards", "standards_sha256"),
)
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would carry out


@dataclass(frozen=True)
class Value:
    """A number with its 90 % interval."""

    value: float
    lower: float
    upper: float
    unit: str

    @property
    def shown(self) -> list[str]:
        """Value and ends with as many decimals as the interval says anything about."""
        half = (self.upper - self.lower) / 2
        decimals = min(3, max(0, -math.floor(math.log10(half)))) if half > 0 else 1
        return [f"{number:.{decimals}f}" for number in (self.value, self.lower, self.upper)]


@dataclass(frozen=True)
class Phase:
    """One phase: `made_of` in the order of the run's channels, `mode` in % of the measured area."""

    number: int
    name: str
    mode: Value
    made_of: list[Value]


@dataclass(frozen=True)
class Quantified:
    """The standards that turn counts into wt%, as fitted at the dose of the map."""

    source: Standards
    lines: dict[str, Line]
    scatter: float  # relative, of a sensitivity between materials
    scaled: Scaled
    without: list[str]  # elements of the map that no standard has enough of

    @property
    def percent(self) -> float:
        """The scatter in per cent."""
        return 100 * self.scatter


def quantification(measurement: Measurement) -> Quantified | None:
    """The newest standards of a measurement, fitted; None where nobody gave any."""
    source = measurement.standards.order_by("pk").last()
    if source is None:
        return None
    scaled = read_table(source.table.encode()).at(measurement.summary)
    lines, scatter = fit_lines(scaled.points)
    without = [e for e in measurement.summary.get("channels", ()) if e not in lines]
    return Quantified(source, lines, scatter, scaled, without)


def phases(store: RunStore, quantified: Quantified | None) -> list[Phase]:
    """The phases of a run, the largest first; none for runs older than these answers."""
    if not store.has_table("answers"):
        return []
    table = store.table("answers")
    of_mode = table["channel"] == MODE
    count = int(of_mode.sum())
    modes = _columns(table, of_mode)
    means = _columns(table, ~of_mode).reshape(3, count, len(store.channels))
    names = _names(modes[0], means[0], store.channels)
    made_of = _made_of(store, means, quantified)
    return [
        Phase(p + 1, names[p], Value(*(100 * modes[:, p]).tolist(), "%"), made_of[p])
        for p in range(count)
    ]


def _columns(table: dict[str, NDArray[Any]], rows: NDArray[np.bool_]) -> NDArray[np.float64]:
    return np.stack([table[name][rows] for name in ("value", "lower", "upper")])


def _made_of(
    store: RunStore, means: NDArray[np.float64], quantified: Quantified | None
) -> list[list[Value]]:
    """By phase and channel; `means` (3, p, c): counts and the ends of their intervals."""
    unit = str(store.provenance.get("units", "counts"))
    found: list[list[Value]] = [[] for _ in range(means.shape[1])]
    for channel, element in enumerate(store.channels):
        values, said = means[:, :, channel], unit
        if quantified and element in quantified.lines:
            # Upwards: below, an interval may have been cut off at zero.
            values = np.stack(quantified.lines[element].wt(values[0], values[2] - values[0]))
            said = "wt%"
        for phase, three in zip(found, values.T, strict=True):
            phase.append(Value(*three.tolist(), said))
    return found


def _names(
    modes: NDArray[np.float64], means: NDArray[np.float64], channels: tuple[str, ...]
) -> list[str]:
    """What each phase has more of than the map as a whole: "Fe, Ni"."""
    overall = modes @ means
    spread = np.sqrt(modes @ np.square(means - overall))
    above = (means - overall) / np.where(spread > 0, spread, 1.0)
    names = []
    for row in above:
        most = np.argsort(-row)[:NAMED]
        names.append(", ".join(channels[c] for c in most if row[c] > STANDS_OUT))
    return names


def picture(store: RunStore) -> bytes:
    """The map of phases as a PNG; colours mix where samples disagree, clear where unmeasured."""
    level = 0
    while max(store.image("phases", level).shape[-2:]) > SIDE:
        level += 1
    share = np.asarray(store.image("phases", level)[:], np.float32)
    colours = np.array([list(bytes.fromhex(colour)) for colour in COLOURS], np.float32)
    measured = share.sum(axis=0)
    mixed = np.einsum("phw,pk->hwk", share, colours[: len(share)])
    mixed /= np.maximum(measured, 1e-6)[..., None]
    alpha = np.where(measured >= 0.5, 255, 0)[..., None]
    return bytes(imagecodecs.png_encode(np.concatenate([mixed, alpha], axis=-1).astype(np.uint8)))


def as_csv(store: RunStore, quantified: Quantified | None) -> str:
    """Every answer on a line of its own, safe to open in a spreadsheet."""
    calibrated = bool(store.summary.get("answers", {}).get("calibration"))
    kind = "calibrated 90 %" if calibrated else "5 to 95 % of the samples"
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(COLUMNS)
    source = quantified.source if quantified else None
    for phase in phases(store, quantified):
        answers = [("mode", "", phase.mode)]
        answers += [
            ("mean", element, value)
            for element, value in zip(store.channels, phase.made_of, strict=True)
        ]
        for quantity, element, value in answers:
            given = (source.name, source.sha256) if source and value.unit == "wt%" else ("", "")
            numbers = [f"{x:.6g}" for x in (value.value, value.lower, value.upper)]
            texts = (str(phase.number), phase.name, quantity, element, value.unit)
            writer.writerow(map(harmless, (*texts, *numbers, kind, *given)))
    return buffer.getvalue()


def harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula: what could be one gets an apostrophe."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell


def context(store: RunStore, measurement: Measurement) -> dict[str, Any]:
    """What the templates of the answers are given."""
    quantified = quantification(measurement)
    found = phases(store, quantified)
    elements = [
        {"name": element, "unit": value.unit}
        for element, value in zip(store.channels, found[0].made_of if found else (), strict=False)
    ]
    return {
        "phases": found,
        "phase_elements": elements,
        "fine_pixel_um": fine_pixel_um(store),
        "quantified": quantified,
        "answers_calibration": store.summary.get("answers", {}).get("calibration"),
    }
