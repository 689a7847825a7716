"""The page of a run on a diffraction scan, and the table of its frames."""

import csv
import io
from collections.abc import Iterator
from typing import Any

import numpy as np
from django.templatetags.static import static
from django.urls import reverse

from fiducial.runs.models import Run
from workers.store import RunStore

from . import finders, scan_figures, scan_pictures, stores
from .page import facts
from .scan_pictures import PARTS, Ruler

RECIPE = "diffraction"
LISTED = 10  # features of a table: the safest, and as many of the riskiest
FRAMES = ("index", "row", "column", "used_row", "used_column", "ratio", "held")


def of_run(run: Run) -> dict[str, Any]:
    """The context of `viewer/scan.html`."""
    store = stores.of_run(run)
    latent = scan_figures.latent(store)
    first = reverse("viewer:run-object", args=[run.pk, "estimate", 0])
    return {
        "run": run,
        "summary": store.summary,
        "ruler": Ruler.of(store),
        "period": period(store.summary),
        "dips": scan_figures.dips(store),
        "size": size(store),
        "pictures": scan_pictures.names(store).items(),
        "has_latent": latent is not None,
        "cyclic": scan_pictures.paint_of(store, "estimate", 1).palette == "cyclic",
        "moved": scan_figures.were_moved(store),
        "median_shift": float(np.median(scan_figures.shift(store))),
        "features": features(store),
        "next": following(store),
        "parameters": facts(store.provenance),
        "config": {
            "figures": {
                "probe-amplitude": scan_pictures.probe(store, "amplitude"),
                "probe-phase": scan_pictures.probe(store, "phase"),
                "places": scan_figures.places(store),
                "frames": scan_figures.by_frame(store),
                "rings": scan_figures.rings(store),
                "residual": scan_pictures.residual_pattern(store),
                "course": scan_figures.course(store),
            }
            | ({"latent": latent} if latent else {}),
            "object": first.replace("estimate/0", "IMAGE/CHANNEL"),
            "plotly": static(finders.NAME),
        },
    }


def period(summary: dict[str, Any]) -> str:
    """The half-bit period in words; empty where the halves agree on nothing."""
    found, nm = summary["resolution"]["period_px"], summary["pixel_nm"]
    if not found or not np.isfinite(found):
        return ""
    return f"{found * nm:.3g} nm ({found:.1f} pixels)" if nm else f"{found:.1f} pixels"


def size(store: RunStore) -> str:
    """How large the object is, in words."""
    ruler, (height, width) = Ruler.of(store), store.shape
    pixels = f"{height} × {width} pixels"
    if ruler.unit == "pixels":
        return pixels
    return (
        f"{height * ruler.step:.0f} × {width * ruler.step:.0f} nm, {pixels} of {ruler.step:.3g} nm"
    )


def features(store: RunStore) -> dict[str, list[dict[str, Any]]]:
    """The safest features, and the riskiest of the others."""
    table, ruler = store.table("features"), Ruler.of(store)
    order = np.argsort(table["risk"], kind="stable").tolist()
    rows = [
        {
            "part": PARTS[int(table["channel"][n])],
            "row": float(table["y"][n]) * ruler.step,
            "column": float(table["x"][n]) * ruler.step,
            "size": float(table["scale"][n]) * ruler.step,
            "height": float(table["amplitude"][n]),
            "risk": float(table["risk"][n]),
        }
        for n in order
    ]
    return {"safest": rows[:LISTED], "riskiest": rows[LISTED:][-LISTED:][::-1]}


def following(store: RunStore) -> list[dict[str, float]]:
    """Where to scan next, best first: the middle of the beam on the axes of the pictures."""
    ruler, table, half = Ruler.of(store), store.table("next"), store.summary["side"] / 2
    return [
        {
            "row": (row + half) * ruler.step,
            "column": (column + half) * ruler.step,
            "percent": 100 * gain,
        }
        for row, column, gain in zip(table["row"], table["column"], table["gain"], strict=True)
    ]


def as_csv(store: RunStore) -> Iterator[bytes]:
    """Every frame as a line: its place as told and as used, in pixels, how far it is missed."""
    frames = store.table("frames")
    units = {name: f"{name}_px" for name in FRAMES if "row" in name or "column" in name}
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([units.get(name, name) for name in FRAMES])
    for row in zip(*(frames[name] for name in FRAMES), strict=True):
        writer.writerow([f"{value:.6g}" for value in row])
    yield text.getvalue().encode()
