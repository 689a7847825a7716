"""Figures for planning a session, read from the benchmarks whose results are committed."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

from .words import percent

RESULTS = settings.ROOT / "tests" / "benchmarks" / "results"


@dataclass(frozen=True)
class Pair:
    """Two ways to spend the same beam time; PSNR in dB against the slow scan, higher is better."""

    share: str  # of the time of the slow scan
    fine: float  # every pixel, short dwell, denoised by Fiducial
    coarse: float  # fewer pixels, full dwell, enlarged by Fiducial
    fine_plain: float  # denoised by total variation, its strength picked with the truth in sight
    coarse_plain: float  # enlarged by bicubic interpolation


# Measured on the meteorite map obj1, eight elements, Poisson draws from the real counts.
_SHARES = {"time4": "a quarter", "time16": "a sixteenth"}
_FIGURES = {
    "fine": "fine.psnr_db",
    "coarse": "coarse.psnr_db",
    "fine_plain": "fine.rival.tv.psnr_db",
    "coarse_plain": "coarse.rival.bicubic.psnr_db",
}


def pairs() -> list[Pair]:
    """The plans side by side; empty where the benchmark's results are not at hand."""
    found = _results(RESULTS / "xray.json")
    try:
        return [
            Pair(share, **{name: found[f"obj1.{key}.{end}"] for name, end in _FIGURES.items()})
            for key, share in _SHARES.items()
        ]
    except KeyError:
        return []


@dataclass(frozen=True)
class Trust:
    """How the predicted errors of one kind of specimen compared with the errors then made.

    `ratio`, `low`, `high`: realised over predicted, the median and the middle 80 % over elements.
    """

    specimens: str
    ratio: float
    low: float
    high: float
    ordered: str  # share of pairs of plans, clearly apart, whose order was as predicted
    lost: str  # how much larger the error of the plan named best was than that of the other, mean
    lost_worst: str


_KINDS = {"synthetic": "simulated rocks", "real": "real rocks"}


def trust() -> list[Trust]:
    """How far a prediction is to be trusted, measured; empty without the benchmark's results."""
    found = _results(RESULTS / "assessment.json")
    try:
        return [
            Trust(
                words,
                *(found[f"plan.{kind}.{end}"] for end in ("ratio", "ratio_p10", "ratio_p90")),
                *(
                    percent(found[f"plan.{kind}.{end}"])
                    for end in ("ordered", "regret", "regret_worst")
                ),
            )
            for kind, words in _KINDS.items()
        ]
    except KeyError:
        return []


def _results(path: Path) -> dict[str, Any]:
    try:
        return json.loads(path.read_text())
    except FileNotFoundError:
        return {}
