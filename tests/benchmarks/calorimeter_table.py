"""Figures of calorimeter events beside their bars and rivals, for the terminal and for a page."""

from collections.abc import Mapping
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "decisions" / "25-showers-are-divided.md"
_BEGIN = "<!-- figures of make benchmark-calorimeter: written by it, not by hand -->"
_END = "<!-- end of figures -->"
HEADS = ("key", "ours", "bar", "", "even", "bicubic", "template fit", "truth itself")
RIVALS = ("uniform", "bicubic", "template_fit", "truth")
# What we promise: at least the first and at most the second.
_OF_MAPS: Mapping[str, tuple[float, float]] = {
    "x4.rel_rmse": (0, 0.55),
    "x4.emd_mm": (0, 14),
    "x4.count_correct": (0.58, 1),
    "x4.position_mm": (0, 15),
    "x2.rel_rmse": (0, 0.25),
    "x2.emd_mm": (0, 5.5),
    "x2.count_correct": (0.66, 1),
    "x2.position_mm": (0, 9),
}
_OF_BOTH: Mapping[str, tuple[float, float]] = {
    "single_e.energy_residual_sigma_pct": (0, 0.5),
    "single_e.energy_residual_mean_pct": (-0.3, 0.3),
    "coverage90.cell": (0.88, 0.92),
    "coverage90.particle": (0.88, 0.92),
    "pn.ece": (0, 0.05),
    "seconds_per_event": (0, 0.3),
}
BARS = {**_OF_MAPS, **{f"{f}.{key}": bar for f in ("x4", "x2") for key, bar in _OF_BOTH.items()}}
REPORTED = tuple(
    f"{factor}.{key}"
    for factor in ("x4", "x2")
    for key in (
        "single_e.coarse_energy_residual_sigma_pct",
        "single_e_gen.energy_residual_sigma_pct",
        "single_e_gen.energy_residual_mean_pct",
        "pn.right",
        "tarp_mean",
        "adaptive_over_fixed",
    )
)


def rows(figures: Mapping[str, float]) -> list[tuple[str, ...]]:
    """Words of HEADS for every bar, and for what is only reported."""
    found = []
    for key in (*BARS, *REPORTED):
        factor, _, name = key.partition(".")
        others = (_words(figures, f"{factor}.{rival}.{name}") for rival in RIVALS)
        found.append((key, _words(figures, key), _bar(key), _verdict(key, figures), *others))
    return found


def table(figures: Mapping[str, float]) -> str:
    """Columns as wide as what stands in them."""
    lines = [HEADS, *rows(figures)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(word.ljust(width) for word, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def with_figures(page: str, figures: Mapping[str, float]) -> str:
    """The page with the same table, in Markdown, between its two markers."""
    lines = [HEADS, ("---",) * len(HEADS)]
    lines += [(f"`{key}`", *rest) for key, *rest in rows(figures)]
    shown = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    before, rest = page.split(_BEGIN)
    _, after = rest.split(_END)
    return f"{before}{_BEGIN}\n{shown}\n{_END}{after}"


def _words(figures: Mapping[str, float], key: str) -> str:
    if key not in figures:
        return ""
    value, error = figures[key], figures.get(f"{key}.error")
    shown = f"{value:.3f}" if abs(value) < 1 else f"{value:.3g}"
    return shown if error is None else f"{shown} ± {error:.2g}"


def _bar(key: str) -> str:
    if key not in BARS:
        return "reported"
    low, high = BARS[key]
    if low == 0:
        return f"≤ {high:g}"
    return f"≥ {low:g}" if high == 1 else f"{low:g} to {high:g}"


def _verdict(key: str, figures: Mapping[str, float]) -> str:
    if key not in BARS:
        return ""
    if key not in figures:
        return "missing"
    low, high = BARS[key]
    return "holds" if low <= figures[key] <= high else "missed"
