"""Figures for planning a session, read from the benchmark whose results are committed."""

import json
from dataclasses import dataclass
from typing import Any

from django.conf import settings

RESULTS = settings.ROOT / "tests" / "benchmarks" / "results" / "xray.json"


@dataclass(frozen=True)
class Plan:
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


def measured() -> list[Plan]:
    """The plans side by side; empty where the benchmark's results are not at hand."""
    found = _results()
    try:
        return [
            Plan(share, **{name: found[f"obj1.{key}.{end}"] for name, end in _FIGURES.items()})
            for key, share in _SHARES.items()
        ]
    except KeyError:
        return []


def _results() -> dict[str, Any]:
    try:
        return json.loads(RESULTS.read_text())
    except FileNotFoundError:
        return {}
