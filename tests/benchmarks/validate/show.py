"""Figures beside their bars: as a table on the screen, and in docs/assessment.md."""

from collections.abc import Mapping
from pathlib import Path

from tests.benchmarks.validate.part import Bar, Figures

DOCS = Path(__file__).parents[3] / "docs" / "assessment.md"
_BEGIN = "<!-- figures of make validate: written by it, not by hand -->"
_END = "<!-- end of figures -->"


def interval(figures: Figures, key: str) -> str:
    if f"{key}.ci95_low" not in figures:
        return ""
    return f"{figures[f'{key}.ci95_low']:.3f} to {figures[f'{key}.ci95_high']:.3f}"


def table(bars: Mapping[str, Bar], figures: Figures) -> str:
    """One line for each key that has a bar."""
    lines = [f"{'key':38}{'figure':>9}  {'95 % interval':20}{'bar':15}"]
    for key, bar in bars.items():
        value = figures.get(key)
        if value is None:
            lines.append(f"{key:38}{'missing':>9}  {'':20}{bar.words}")
        else:
            verdict = bar.verdict(value)
            lines.append(
                f"{key:38}{value:9.3f}  {interval(figures, key):20}{bar.words:15}{verdict}".rstrip()
            )
    return "\n".join(lines)


def page_table(bars: Mapping[str, Bar], figures: Figures) -> str:
    """The same in Markdown, with what every figure says."""
    lines = [
        "| key | what it says | figure | 95 % interval | bar | |",
        "|---|---|---|---|---|---|",
    ]
    for key, bar in bars.items():
        value = figures.get(key)
        shown = "missing" if value is None else f"{value:.3f}"
        verdict = "" if value is None else bar.verdict(value)
        cells = (f"`{key}`", bar.says, shown, interval(figures, key), bar.words, verdict)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def with_figures(page: str, shown: str) -> str:
    """The page with what stands between its two markers replaced.

    Raises ValueError where a marker is missing.
    """
    before, begin, rest = page.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not begin or not end:
        raise ValueError(f"{DOCS.name} has lost the markers its figures stand between.")
    return f"{before}{_BEGIN}\n{shown}\n{_END}{after}"
