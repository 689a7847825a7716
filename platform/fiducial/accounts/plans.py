"""Figures for planning a session, read from the benchmark whose results are committed."""

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.conf import settings

RESULTS = settings.ROOT / "tests" / "benchmarks" / "results" / "xray.json"


@dataclass(frozen=True)
class Plan:
    """Two ways to spend the same beam time; PSNR in dB against the slow scan, higher is better."""

    share: str  # of the time of the slow scan
    fine: float | None  # every pixel, short dwell, denoised by Fiducial
    coarse: float | None  # fewer pixels, full dwell, enlarged by Fiducial
    fine_plain: float  # denoised by total variation, its strength picked with the truth in sight
    coarse_plain: float  # enlarged by bicubic interpolation


# Measured on the meteorite map obj1, eight elements, Poisson draws from the real counts.
_RIVALS = (("time4", "a quarter", 28.97, 27.71), ("time16", "a sixteenth", 26.27, 24.35))


def measured() -> list[Plan]:
    """The plans side by side; our own figures are None until the benchmark has been run."""
    ours = _results()
    return [
        Plan(
            share=share,
            fine=ours.get(f"obj1.{key}.fine.psnr_db"),
            coarse=ours.get(f"obj1.{key}.coarse.psnr_db"),
            fine_plain=fine,
            coarse_plain=coarse,
        )
        for key, share, fine, coarse in _RIVALS
    ]


@lru_cache(maxsize=1)
def _results() -> dict[str, Any]:
    try:
        return json.loads(RESULTS.read_text())
    except FileNotFoundError:
        return {}
