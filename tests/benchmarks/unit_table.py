"""Bars of `make benchmark-rvae`, and its figures beside them: on the screen and in a page."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tests.benchmarks.unit_rivals import RIVALS, SEEDS
from tests.benchmarks.unit_scores import Figures

DOCS = Path(__file__).parents[2] / "docs" / "decisions" / "19-units-with-poses.md"
_BEGIN = "<!-- figures of make benchmark-rvae: written by it, not by hand -->"
_END = "<!-- end of figures -->"

BARS: dict[str, tuple[float, float, float]] = {  # least, most, least of the worst seed
    "speed.cpu_s_per_epoch_1000": (0, 0.6, -np.inf),
    "syn_a.angle_r": (0.99, 1, 0.95),
    "syn_a.angle_deg": (0, 2, -np.inf),
    "syn_b.angle_r": (0.995, 1, 0.98),
    "syn_b.angle_deg": (0, 0.5, -np.inf),
    "syn_a.r2_in_class": (0.94, 1, 0.90),
    "syn_b.r2_in_class": (0.94, 1, 0.90),
    "syn_a.ari": (0.95, 1, 0.80),
    "syn_b.ari": (0.95, 1, 0.80),
    "leakage": (-1, 0.05, -np.inf),
    "trimer.flips": (5, 5, 5),
    "trimer.states_right": (42, 42, 42),
    "trimer.angle_deg": (0, 0.7, -np.inf),
    "single_si.angle_r": (0.90, 1, -np.inf),
    "single_si.angle_deg": (0, 3.5, -np.inf),
    "si_count.ari": (0.95, 1, 0.90),
    "grain_boundary.deg": (26.4, 28.4, -np.inf),
    "arcs90.coverage_a": (0.85, 0.95, -np.inf),
    "arcs90.coverage_b": (0.85, 0.95, -np.inf),
    "control.no_transition": (0.95, 1, -np.inf),
    "collapse.warned_epoch_share": (0, 0.2, -np.inf),
}


def figures_of(rows: dict[str, list[float]]) -> Figures:
    """Medians over seeds and the worst of them; shares of seeds where a seed says yes or no."""
    rows = {**rows, "leakage": [*rows.pop("syn_a.leakage", []), *rows.pop("syn_b.leakage", [])]}
    figures: Figures = {}
    for key, values in rows.items():
        middle = float(np.mean(values) if key.startswith("control") else np.median(values))
        figures[key] = middle
        low, high, _ = BARS.get(key, (-np.inf, middle, 0.0))
        off = [max(low - value, value - high, 0.0) for value in values]
        worst = int(np.argmax(off)) if max(off) > 0 else _furthest(key, values)
        figures[f"{key}.worst"] = float(values[worst])
    return figures


def _furthest(key: str, values: list[float]) -> int:
    """Of seeds that all hold the bar: the smallest of what should be large, else the largest."""
    large = key.endswith(("_r", ".ari", "r2_in_class", "no_transition", "states_right"))
    return int(np.argmin(values) if large else np.argmax(values))


class Row(NamedTuple):
    """One line of the table, in words."""

    key: str
    ours: str
    worst: str
    bar: str
    verdict: str
    classical: str
    rivals: tuple[str, ...]


def rows(figures: Mapping[str, float]) -> Iterator[Row]:
    """A line for each bar; of a rival every seed."""
    for key, (low, high, _) in BARS.items():
        head, _, tail = key.rpartition(".")
        classical = figures.get(f"classical.{key}", figures.get(f"{head}.classical.{tail}"))
        ours = figures.get(key)
        yield Row(
            key,
            _words(ours),
            _words(figures.get(f"{key}.worst")),
            f"{low:g}" if low == high else f"{low:g} to {high:g}",
            _verdict(key, figures),
            _words(classical),
            tuple(_seeds(figures, f"rivals.{name}.{key}") for name in RIVALS),
        )


def _verdict(key: str, figures: Mapping[str, float]) -> str:
    low, high, worst = BARS[key]
    if key not in figures:
        return "missing"
    if not low <= figures[key] <= high:
        return "missed"
    return "holds" if figures[f"{key}.worst"] >= worst else "worst seed missed"


def _seeds(figures: Mapping[str, float], key: str) -> str:
    found = (figures.get(f"{key}.seed_{seed}") for seed in SEEDS)
    return " / ".join(_words(value) for value in found if value is not None)


def _words(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.3f}" if 0 < abs(value) < 1 else f"{value:.3g}"


HEADS = ("key", "ours", "worst seed", "bar", "", "classical", *RIVALS.values())


def table(figures: Mapping[str, float]) -> str:
    """Columns as wide as what stands in them."""
    lines = [HEADS, *((*row[:-1], *row.rivals) for row in rows(figures))]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(word.ljust(width) for word, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def with_figures(page: str, figures: Mapping[str, float]) -> str:
    """The page with the same table, in Markdown, between its two markers."""
    lines = [HEADS, ("---",) * len(HEADS)]
    lines += [(f"`{row.key}`", *row[1:-1], *row.rivals) for row in rows(figures)]
    shown = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    before, rest = page.split(_BEGIN)
    _, after = rest.split(_END)
    return f"{before}{_BEGIN}\n{shown}\n{_END}{after}"
