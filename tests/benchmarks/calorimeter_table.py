"""Figures of calorimeter events beside their bars and rivals, for the terminal and for a page."""

from collections.abc import Mapping
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "decisions" / "25-showers-are-divided.md"
_BEGIN = "<!-- figures of make benchmark-calorimeter: written by it, not by hand -->"
_END = "<!-- end of figures -->"
_BEGIN_HEADS = "<!-- reconstructions, of make benchmark-calorimeter: written by it, not by hand -->"
_END_HEADS = "<!-- end of reconstructions -->"
HEADS = (
    *("key", "ours", "bar", "", "even", "bicubic", "template fit"),
    *("physics alone", "and ours, halves", "truth itself"),
)
RIVALS = ("uniform", "bicubic", "template_fit", "limit", "limit.both", "truth")
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
JUDGED = (
    "count_correct",
    "efficiency",
    "fakes",
    "position_mm",
    "energy_mean_pct",
    "energy_sigma_pct",
    "pn_ece",
)
RECONSTRUCTIONS = (
    "map",
    "particles by",
    "count right",
    "efficiency",
    "fakes",
    "68 % of places (mm)",
    "energy, mean off (%)",
    "σ (%)",
    "P(N), ECE",
)
MAXIMA, HEAD = "maxima", "head"
# By the name of a map: the keys of each way to find particles on it.
INPUTS: Mapping[str, Mapping[str, str]] = {
    "truth": {MAXIMA: "truth.", HEAD: "flowhead.truth."},
    "even": {MAXIMA: "uniform.", HEAD: "flowhead.uniform."},
    "bicubic": {MAXIMA: "bicubic.", HEAD: "flowhead.bicubic."},
    "template fit": {
        MAXIMA: "template_fit.",
        "the fit": "template_particles.",
        HEAD: "flowhead.template_fit.",
    },
    "our estimate": {MAXIMA: "", HEAD: "flowhead.estimate."},
    "one of our samples": {HEAD: "flowhead.sample."},
    "all our samples": {HEAD: "flowhead.samples."},
}


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
    return _aligned([HEADS, *rows(figures)])


def heads_table(figures: Mapping[str, float]) -> str:
    """What each reconstruction finds on each kind of map, likewise."""
    return _aligned([RECONSTRUCTIONS, *head_rows(figures)])


def head_rows(figures: Mapping[str, float]) -> list[tuple[str, ...]]:
    """Words of RECONSTRUCTIONS for every kind of map and way to find particles on it."""
    found = []
    for factor in ("x4", "x2"):
        for name, keys in INPUTS.items():
            for way, key in keys.items():
                told = (_words(figures, f"{factor}.{key}{of}") for of in JUDGED)
                found.append((f"{factor} {name}", way, *told))
    return found


def with_figures(page: str, figures: Mapping[str, float]) -> str:
    """The page with the same tables, in Markdown, between their markers."""
    lines = [(f"`{key}`", *rest) for key, *rest in rows(figures)]
    page = _between(page, (_BEGIN, _END), [HEADS, *lines])
    return _between(page, (_BEGIN_HEADS, _END_HEADS), [RECONSTRUCTIONS, *head_rows(figures)])


def _between(page: str, markers: tuple[str, str], lines: list[tuple[str, ...]]) -> str:
    heading, *rest = lines
    lines = [heading, ("---",) * len(heading), *rest]
    shown = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    before, after = page.split(markers[0])
    _, after = after.split(markers[1])
    return f"{before}{markers[0]}\n{shown}\n{markers[1]}{after}"


def _aligned(lines: list[tuple[str, ...]]) -> str:
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(word.ljust(width) for word, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


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
