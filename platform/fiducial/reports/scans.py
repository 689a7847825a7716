"""What the report of a run on a diffraction scan holds: object, probe, places and their judges."""

import csv
import io
from typing import Any

from fiducial.runs import describing
from fiducial.runs.models import Run
from fiducial.viewer import scan_figures, scans, stores
from workers.store import RunStore, StoreError

from . import scan_claims, scan_drawings, sealing
from .content import Content

FEATURES = ("channel", "y", "x", "scale", "amplitude", "risk")


def how(run: Run) -> str:
    """What was made of the scan, for the title."""
    return "its object"


def content(run: Run, store: RunStore) -> Content:
    """The part of the report that only diffraction scans have."""
    claims = scan_claims.of_run(store)
    files = {
        "claims.json": sealing.readable([claim.as_json() for claim in claims]),
        "frames.csv": b"".join(scans.as_csv(store)),
        "features.csv": _features(store),
    }
    context = {
        "amplitude": scan_drawings.of_object(store, "estimate", 0),
        "phase": scan_drawings.of_object(store, "estimate", 1),
        "spreads": [
            scan_drawings.of_object(store, image, channel)
            for image in ("std", "risk")
            for channel in (0, 1)
        ],
        "rings": scan_drawings.rings(store),
        "by_frame": scan_drawings.by_frame(store),
        "places": scan_drawings.places(store),
        "probe": scan_drawings.probe(store),
        "course": scan_drawings.course(store),
        "worst": _worst(run, store),
        "moved": scan_figures.were_moved(store),
        "dips": scan_figures.dips(store),
        "period": scans.period(store.summary),
        "size": scans.size(store),
        "believed": [claim for claim in claims if claim.stands],
        "doubted": [claim for claim in claims if not claim.stands],
        "next": scans.following(store),
        "unit": scans.Ruler.of(store).unit,
        "choices": describing.parameters(run),
    }
    return Content("reports/_scan.html", context, files)


def _worst(run: Run, store: RunStore) -> dict[str, Any]:
    """The frame that is missed furthest, as it was measured, and what all frames miss."""
    frames = store.table("frames")
    number = int(frames["ratio"].argmax())
    found = {
        "index": int(frames["index"][number]),
        "ratio": float(frames["ratio"][number]),
        "held": bool(frames["held"][number]),
        "residual": scan_drawings.residual_pattern(store),
    }
    try:
        measured = stores.of_measurement(run.measurement, run.measurement_revision)
        return found | {"frame": scan_drawings.frame(measured, number)}
    except StoreError:  # a measurement may be gone that its run outlives
        return found


def _features(store: RunStore) -> bytes:
    table = store.table("features")
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["channel", "row_px", "column_px", "scale_px", "height", "risk"])
    for row in zip(*(table[name] for name in FEATURES), strict=True):
        writer.writerow([f"{value:.6g}" for value in row])
    return text.getvalue().encode()
