"""What a page needs to know of frames without opening them."""

from typing import Any

import numpy as np

from workers.scan import DiffractionScan
from workers.volume import Volume


def of(measured: DiffractionScan | Volume) -> dict[str, Any]:
    """What is peculiar to frames in the `summary` of docs/contracts.md §1; plain for JSON."""
    return {
        "content": measured.content,
        "shape": list(measured.frames.shape[1:]),
        "pixel_size_um": measured.pixel_size_um,
        "frames": len(measured.frames),
        "counts": _counts(measured),
        "energy_ev": measured.energy_ev,
        "distance_m": measured.distance_m,
        "detector_pixel_um": measured.detector_pixel_um,
        "convention": measured.convention,
        **(_of_scan(measured) if isinstance(measured, DiffractionScan) else {}),
    }


def _counts(measured: DiffractionScan | Volume) -> dict[str, float]:
    each = measured.frames.sum(axis=(1, 2), dtype=np.float64)
    return {
        "median": _short(float(np.median(each))),
        "least": _short(float(each.min())),
        "most": _short(float(each.max())),
        "brightest": _short(float(measured.frames.max())),
        "zero_share": round(float((measured.frames == 0).mean()), 4),
    }


def _of_scan(scan: DiffractionScan) -> dict[str, Any]:
    """`dose` is in counts for each pixel of the scanned rectangle."""
    span = np.ptp(scan.positions, axis=0)
    total = float(scan.frames.sum(dtype=np.float64))
    return {
        "planned": int(scan.index[-1]) + 1,
        "modes": 0 if scan.probe is None else len(scan.probe),
        "pixel_nm": scan.pixel_nm,
        "propagation": scan.propagation,
        "span_px": [round(float(side), 2) for side in span],
        "dose": _short(total / max(float((span + 1).prod()), 1.0)),
        "variance_factor": scan.variance_factor,
        "masked": 0 if scan.mask is None else int((~scan.mask).sum()),
    }


def _short(value: float) -> float:
    return float(f"{value:.6g}")
