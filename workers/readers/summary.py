"""What a page or a form needs to know of a measurement without opening it."""

from typing import Any

import numpy as np

from workers.events import Events
from workers.measured import Uploaded
from workers.measurement import Measurement
from workers.readers.calorimeter import summary as event_summary
from workers.readers.diffraction import summary as frame_summary
from workers.readers.dispersion import variance_factor

# What stands in every summary, as it is where there are no maps.
_OF_NO_MAPS: dict[str, Any] = {
    "channels": [],
    "units": "counts",
    "dwell_ms": None,
    "current_na": None,
    "sampling": None,
    "quantity": None,
    "has_guide": False,
    "guide_factor": None,
    "windows": 0,
    "measured_share": 1.0,
    "per_channel": {},
}


def summarise(measurement: Uploaded) -> dict[str, Any]:
    """The `summary` of docs/contracts.md §1; plain values that JSON can hold."""
    if isinstance(measurement, Measurement):
        return _of_maps(measurement)
    if isinstance(measurement, Events):
        own = event_summary.of(measurement)
    else:
        own = frame_summary.of(measurement)
    return _OF_NO_MAPS | _provenance(measurement) | own


def _provenance(measurement: Uploaded) -> dict[str, Any]:
    return {fact: measurement.provenance[fact] for fact in ("format", "files", "open")}


def _of_maps(measurement: Measurement) -> dict[str, Any]:
    return {
        "channels": list(measurement.channels),
        "shape": list(measurement.mask.shape),
        "units": measurement.units,
        "pixel_size_um": measurement.pixel_size_um,
        "dwell_ms": measurement.dwell_ms,
        "current_na": measurement.current_na,
        "sampling": measurement.sampling,
        "content": measurement.content,
        "quantity": measurement.provenance.get("acquisition", {}).get("quantity"),
        "has_guide": measurement.guide is not None,
        "guide_factor": measurement.guide_factor,
        "format": measurement.provenance["format"],
        "files": measurement.provenance["files"],
        "open": measurement.provenance["open"],
        "windows": measurement.provenance.get("windows", 0),
        "measured_share": round(float(measurement.mask.mean()), 6),
        "per_channel": {
            channel: _of_channel(measurement, number)
            for number, channel in enumerate(measurement.channels)
        },
    }


def _of_channel(measurement: Measurement, number: int) -> dict[str, float]:
    plane, mask = measurement.values[number], measurement.mask
    known = plane[mask]
    factor = variance_factor(plane, mask) if measurement.units == "counts" else 1.0
    return {
        "mean": _short(known.mean(dtype=np.float64)),
        "max": float(known.max()),
        "p999": _short(np.quantile(known, 0.999)),
        "zero_share": round(float((known == 0).mean()), 6),
        "variance_factor": round(factor, 4),
    }


def _short(value: float) -> float:
    """Seven significant digits: heights in metres are small."""
    return float(f"{value:.7g}")
