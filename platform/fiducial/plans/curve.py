"""Predicted error against beam time, one line for each step: where the marks of the figure lie."""

from itertools import pairwise
from math import isnan, log
from typing import Any

from fiducial.runs.words import duration
from workers.assessment.planning import FACTORS, Session, error_over_time

from .words import microns

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 460, 290, 40, 96, 34, 50  # SVG units
REACH, POINTS = 8.0, 25  # from an eighth of the beam time to eight times it
_DASHES = {1: "", 2: "8 4", 4: "3 3", 8: "10 3 2 3"}


def curve(session: Session) -> dict[str, Any] | None:
    """For `plans/_curve.html`; None where no plan fits even into the longest time."""
    times = [session.seconds * REACH ** (2 * n / (POINTS - 1) - 1) for n in range(POINTS)]
    found = {factor: error_over_time(session, factor, times) for factor in FACTORS}
    known = [error for errors in found.values() for error in errors if not isnan(error)]
    if not known:
        return None
    top = _ceiling(100 * max(known))

    def across(seconds: float) -> float:
        share = 0.5 + 0.5 * log(seconds / session.seconds) / log(REACH)
        return round(LEFT + (WIDTH - LEFT - RIGHT) * share, 1)

    def down(percent: float) -> float:
        return round(HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * percent / top, 1)

    lines = []
    for factor, errors in found.items():
        points = [(across(t), down(100 * e)) for t, e in zip(times, errors, strict=True) if e == e]
        if points:
            path = " ".join(f"{x},{y}" for x, y in points)
            label = f"×{factor} · {microns(factor * session.step_um)}"
            end = {"x": points[-1][0] + 6, "y": points[-1][1] + 4}
            lines.append({"points": path, "dash": _DASHES[factor], "label": label, "end": end})
    _apart(lines)
    return {
        "width": WIDTH, "height": HEIGHT, "left": LEFT, "right": WIDTH - RIGHT, "top": TOP,
        "floor": HEIGHT - BOTTOM, "now": across(session.seconds), "lines": lines,
        "middle": (LEFT + WIDTH - RIGHT) / 2,
        "times": [
            {"x": across(session.seconds * share), "words": duration(session.seconds * share)}
            for share in (1 / 8, 1, 8)
        ],
        "levels": [{"y": down(top * n / 4), "words": f"{top * n / 4:g}"} for n in range(5)],
    }  # fmt: skip


def _ceiling(percent: float) -> float:
    """The next round number a scale of four steps may end at."""
    return next(top for top in (4, 8, 12, 20, 40, 60, 80, 100, 140) if top >= min(percent, 140))


def _apart(lines: list[dict[str, Any]]) -> None:
    """Move labels that would touch, from the lowest upwards."""
    ordered = sorted(lines, key=lambda line: -line["end"]["y"])
    for below, above in pairwise(ordered):
        above["end"]["y"] = min(above["end"]["y"], below["end"]["y"] - 17)
