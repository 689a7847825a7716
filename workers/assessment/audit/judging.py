"""One run judged by rescanned windows: read the stores, find the windows, count.

Works on windows only: of a large map nothing but the first measurement is ever held whole.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workers.assessment.audit.claim import claims, halves
from workers.assessment.audit.counts import NOMINAL, Prediction, scores
from workers.assessment.audit.features import Judged, judge_features
from workers.assessment.audit.registration import Field, Found, NotFound, register
from workers.assessment.audit.windows import Window
from workers.assessment.features import Features
from workers.store import MeasurementStore, Place, RunStore

Array = NDArray[np.float64]

MEASURED = 0.5  # of a window, at least, to be judged


def judge(
    measurement: Place,
    run: Place,
    rescan: Place,
    windows: Sequence[Window],
    *,
    drawn: bool,
    seed: int,
) -> dict[str, Any]:
    """Judge the run store `run` of `measurement` by the rescanned `windows` in `rescan`.

    `rescan` holds the windows stacked in rows, or a whole map as fine as the run, from which they
    are cut; there may be fewer than `windows`: then the first ones. `drawn`: at random, so that
    they make a claim; else they only say which features were there. `seed`: of the randomised
    scores. Plain JSON values. Raises NotFound with a sentence where the windows do not fit.
    """
    scene = _Scene(MeasurementStore(measurement), RunStore(run), MeasurementStore(rescan))
    rescans = scene.rescans(windows)
    windows = windows[: len(rescans)]
    field = scene.field()
    found = register(field, windows, [z.counts for z in rescans])
    ratio = found.dwell_ratio
    parts = [
        scene.part(window, shift, rescan)
        for window, shift, rescan in zip(windows, found.shifts, rescans, strict=True)
    ]
    judged = [scene.features(part, ratio) for part in parts]
    answer = {
        "windows": len(windows),
        "area_share": len(windows) * windows[0].size ** 2 / int(field.mask.sum()),
        "factor": scene.factor,
        "dwell_ratio": ratio,
        "registration": _registration(found),
        "features": _features(Judged.of(judged), scene.elements),
        "gains": [_gain(one) for one in judged],
    }
    if drawn:
        answer |= _claims(scene, parts, ratio, seed)
    return answer


@dataclass(frozen=True)
class _Rescan:
    counts: Array  # (c, s, s)
    mask: NDArray[np.bool_]


@dataclass(frozen=True)
class _Part:
    """A window where it was found: its first fine pixel, and which of its pixels (s, s) lie in
    what both scans measured."""

    window: Window
    shift: tuple[int, int]
    rescan: _Rescan
    usable: NDArray[np.bool_]


class _Scene:
    """The three stores, with the elements that all of them hold."""

    def __init__(self, first: MeasurementStore, run: RunStore, rescan: MeasurementStore) -> None:
        self.first, self.run, self.rescan = first, run, rescan
        self.elements = [e for e in run.channels if e in rescan.channels and e in first.channels]
        if not self.elements:
            raise NotFound(
                "The rescanned windows hold none of the run's elements "
                f"({', '.join(run.channels)}): they hold {', '.join(rescan.channels)}."
            )
        self.factor = run.shape[0] // run.measured_shape[0]
        noise = run.provenance.get("noise", {}).get("variance_factor", {})
        self.factors = np.array([noise.get(e, 1.0) for e in self.elements])

    def field(self) -> Field:
        """The first measurement, for finding windows in it."""
        places = [self.first.channels.index(e) for e in self.elements]
        counts = np.asarray(self.first.image("measured")[:])[places].astype(float)
        mask = np.asarray(self.first.image("mask")[:]).astype(bool)
        points = self.run.provenance.get("forward_model") == "point"
        return Field(counts, mask, self.factors, self.factor, points)

    def rescans(self, windows: Sequence[Window]) -> list[_Rescan]:
        """The rescanned windows, in order."""
        places = [self.rescan.channels.index(e) for e in self.elements]
        side = windows[0].size * self.factor
        provenance = self.rescan.attributes["provenance"]
        count = min(int(provenance.get("windows", len(windows))), len(windows))
        if "windows" in provenance:
            cuts = [(slice(k * side, (k + 1) * side), slice(0, side)) for k in range(count)]
        else:
            cuts = [window.part(self.factor) for window in windows]
        found = []
        for number, cut in enumerate(cuts, start=1):
            counts = np.asarray(self.rescan.image("measured")[(slice(None), *cut)])[places]
            mask = np.asarray(self.rescan.image("mask")[cut]).astype(bool)
            if mask.mean() < MEASURED:
                raise NotFound(
                    f"Window {number} was not measured in the rescan; nothing was judged."
                )
            found.append(_Rescan(counts.astype(float), mask))
        return found

    def part(self, window: Window, shift: tuple[int, int], rescan: _Rescan) -> _Part:
        """Which pixels of a window can be compared, were it found at `shift`."""
        rows, columns = (
            np.arange(rescan.mask.shape[axis]) + first * self.factor + shift[axis]
            for axis, first in enumerate((window.row, window.column))
        )
        height, width = self.run.shape
        inside = np.outer((rows >= 0) & (rows < height), (columns >= 0) & (columns < width))
        cells = np.ix_(
            (rows // self.factor).clip(0, self.run.measured_shape[0] - 1),
            (columns // self.factor).clip(0, self.run.measured_shape[1] - 1),
        )
        measured = np.asarray(self.first.image("mask")[:]).astype(bool)[cells]
        return _Part(window, shift, rescan, inside & measured & rescan.mask)

    def picture(self, name: str, row: int, column: int, height: int, width: int) -> Array:
        """A part of one of the run's pictures `(c, height, width)`; its border goes on outside."""
        places = [self.run.channels.index(e) for e in self.elements]
        y, x = max(0, row), max(0, column)
        there = (slice(None), slice(y, row + height), slice(x, column + width))
        values = np.asarray(self.run.image(name)[there])[places].astype(float)
        before = (y - row, x - column)
        after = (height - before[0] - values.shape[1], width - before[1] - values.shape[2])
        return np.pad(values, ((0, 0), *zip(before, after, strict=True)), mode="edge")

    def scores(self, part: _Part, ratio: float, rng: np.random.Generator) -> tuple[Array, Array]:
        """Scores `(c, pixels)` of a window, and the share of counting in what was expected."""
        first = (part.window.row * self.factor, part.window.column * self.factor)
        place = (first[0] + part.shift[0], first[1] + part.shift[1], *part.usable.shape)
        estimate, upper = (self.picture(name, *place) for name in ("estimate", "upper"))
        prediction = Prediction(estimate, np.maximum(upper - estimate, 0) / NOMINAL)
        mean, variance = prediction.of_counts(ratio, self.factors)
        mean, variance = mean[:, part.usable], variance[:, part.usable]
        found = scores(part.rescan.counts[:, part.usable], mean, variance, rng)
        return found, (self.factors[:, None] * mean / variance).mean(1)

    def features(self, part: _Part, ratio: float) -> Judged:
        """What became of the features the run shows in a window."""
        table = self.run.table("features")
        places = {self.run.channels.index(e): k for k, e in enumerate(self.elements)}
        known = np.array([int(c) in places for c in table["channel"]], bool)
        features = Features(
            np.array([places[int(c)] for c in table["channel"][known]], np.int64),
            table["y"][known].round().astype(np.int64),
            table["x"][known].round().astype(np.int64),
            table["scale"][known].astype(np.float64),
            table["amplitude"][known].astype(np.float64),
        )
        risk = table["risk"][known].astype(np.float64)
        truth = part.rescan.counts / ratio
        noise = np.sqrt(self.factors * truth.mean((1, 2)) / ratio)
        top, left = (
            first * self.factor + moved
            for first, moved in zip((part.window.row, part.window.column), part.shift, strict=True)
        )
        return judge_features(features, risk, self.picture, (top, left), truth, part.usable, noise)


def _claims(scene: _Scene, parts: Sequence[_Part], ratio: float, seed: int) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    scored = [scene.scores(part, ratio, rng) for part in parts]
    together, each = claims([found for found, _ in scored])
    counting = np.mean([share for _, share in scored], axis=0)
    calibrating, auditing = halves(len(parts))
    return {
        "calibrating": len(parts[calibrating]),
        "auditing": len(parts[auditing]),
        "all": asdict(together),
        "elements": {
            element: asdict(claim) | {"counting_share": float(share)}
            for element, claim, share in zip(scene.elements, each, counting, strict=True)
        },
    }


def _registration(found: Found) -> dict[str, Any]:
    return {
        "common": list(found.common),
        "shifts": [list(shift) for shift in found.shifts],
        "correlation": [round(value, 3) for value in found.correlation],
        "misfit": [round(value, 2) for value in found.misfit],
    }


def _features(judged: Judged, elements: Sequence[str]) -> dict[str, Any]:
    """Expected and found false features, how well the risks hold from low to high, and each."""
    bins = []
    if len(judged.risk):
        order = np.argsort(judged.risk, kind="stable")
        for chosen in np.array_split(order, max(1, min(4, len(order) // 10))):
            bins.append(
                {
                    "risk": float(judged.risk[chosen].mean()),
                    "absent": float(judged.absent[chosen].mean()),
                    "count": len(chosen),
                }
            )
    return _gain(judged) | {
        "deviation": float(np.sqrt((judged.risk * (1 - judged.risk)).sum())),
        "area": judged.area,
        "reliability": bins,
        "each": [
            {"element": elements[c], "y": int(y), "x": int(x), "risk": float(risk)}
            | {"absent": bool(absent)}
            for (c, y, x), risk, absent in zip(
                judged.places, judged.risk, judged.absent, strict=True
            )
        ],
    }


def _gain(judged: Judged) -> dict[str, Any]:
    return {
        "judged": len(judged.risk),
        "expected": float(judged.risk.sum()),
        "absent": int(judged.absent.sum()),
    }
