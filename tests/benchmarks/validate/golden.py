"""The exactly solvable posterior and three wrong ones, over several draws of the sixty fields."""

from collections.abc import Sequence
from dataclasses import asdict

import numpy as np

from tests.assessment.gaussian import TRUE_PRIOR, ExactPosterior
from tests.assessment.golden import (
    ABSENCE_ERROR,
    TARP_BAND,
    TOO_NARROW,
    TOO_ROUGH,
    TOO_SMOOTH,
    Golden,
    assess,
)
from tests.benchmarks.validate.part import Bar, Figures, Part, mean_of

SEEDS = (0, 1, 2, 3, 4)
CASES = {
    "exact": ExactPosterior(TRUE_PRIOR),
    "smooth": ExactPosterior(TOO_SMOOTH),
    "rough": ExactPosterior(TOO_ROUGH),
    "narrow": ExactPosterior(TRUE_PRIOR, spread=TOO_NARROW),
}
_ALARM = f"both alarms on every draw (TARP off by > {TARP_BAND}, error > {ABSENCE_ERROR})"
BARS = {
    "golden.exact.ece_shrunk": Bar(
        "exact posterior: calibration error of the shrunken absence probabilities", high=0.03
    ),
    "golden.exact.tarp_mean": Bar("exact posterior: TARP mean on 16-pixel patches", 0.45, 0.55),
    "golden.exact.tarp_control": Bar("the same with sample 0 in the truth's place", 0.48, 0.52),
    "golden.exact.chi2_samples": Bar("exact posterior: χ² of samples", 0.98, 1.02),
    "golden.exact.extreme_ranks": Bar("exact posterior: truths outside 16 samples", 0.108, 0.128),
    "golden.exact.flagged": Bar("exact posterior: either alarm on any draw", 0, 0),
    "golden.smooth.flagged": Bar(f"prior too smooth: {_ALARM}", 1, 1),
    "golden.rough.flagged": Bar("prior too rough: both alarms on every draw", 1, 1),
    "golden.narrow.flagged": Bar("spread × 0.6: both alarms on every draw", 1, 1),
}
_SHOWN = {
    "chi2_samples": "chi2_of_samples",
    "ece_raw": "raw_error",
    "ece_shrunk": "shrunk_error",
    "auroc": "auroc",
    "auroc_ceiling": "ceiling",
    "absent_share": "absent",
    "tarp_mean": "tarp",
    "tarp_control": "tarp_control",
    "extreme_ranks": "extreme_ranks",
}


def _units() -> Sequence[tuple[str, int]]:
    return [(case, seed) for seed in SEEDS for case in CASES]


def _work(unit: tuple[str, int]) -> tuple[str, Golden]:
    case, seed = unit
    return case, assess(CASES[case], seed=seed)


def _figures(rows: Sequence[tuple[str, Golden]]) -> Figures:
    figures: Figures = {}
    for case in CASES:
        found = [golden for name, golden in rows if name == case]
        for key, name in _SHOWN.items():
            figures |= mean_of(f"golden.{case}.{key}", [asdict(one)[name] for one in found])
        alarms = np.array([(one.tarp_alarm, one.absence_alarm) for one in found])
        flagged = alarms.any() if case == "exact" else alarms.all()
        figures[f"golden.{case}.flagged"] = float(flagged)
    return figures


def page_table(figures: Figures) -> str:
    """What every measure says of each posterior, in Markdown."""
    lines = [
        "| posterior | " + " | ".join(_SHOWN) + " | both alarms |",
        "|---" * (len(_SHOWN) + 2) + "|",
    ]
    for case, says in {
        "exact": "exact",
        "smooth": "prior too smooth",
        "rough": "prior too rough",
        "narrow": "spread × 0.6",
    }.items():
        values = " | ".join(f"{figures[f'golden.{case}.{key}']:.3f}" for key in _SHOWN)
        flagged = "yes" if figures[f"golden.{case}.flagged"] else "no"
        lines.append(f"| {says} | {values} | {flagged} |")
    return "\n".join(lines)


PART = Part("golden", BARS, _units, _work, _figures, seeds=SEEDS)
