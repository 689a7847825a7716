"""What the report of a run on a rocking curve holds: the crystal, its starts, their judges."""

import csv
import io
from typing import Any

import numpy as np

from fiducial.runs import describing
from fiducial.runs.models import Run
from fiducial.viewer import crystal_figures, crystals
from workers.recipes.bragg_words import ALIKE, FITS
from workers.store import RunStore

from . import scan_drawings, sealing
from .charts import Axis, Chart
from .content import Content
from .pictures import data_uri, enlarged
from .stated import Claim

GROW = 3  # pixels of a report for a voxel


def how(run: Run) -> str:
    """What was made of the curve, for the title."""
    return "its crystal"


def content(run: Run, store: RunStore) -> Content:
    """The part of the report that only rocking curves have."""
    claims = of_summary(store.summary)
    context = {
        "pictures": [_picture(store, name) for name in crystal_figures.PICTURES],
        "planes": ", ".join(crystal_figures.PLANES),
        "surface": crystal_figures.SURFACE,
        "transfer": _transfer(store),
        "course": _course(store),
        "starts": len(store.summary["misfit"]["squared"]),
        "differs": crystals.differs(store),
        "believed": [claim for claim in claims if claim.stands],
        "doubted": [claim for claim in claims if not claim.stands],
        "choices": describing.parameters(run),
    }
    files = {
        "claims.json": sealing.readable([claim.as_json() for claim in claims]),
        "course.csv": _table(store, "course", ("start", "look", "misfit")),
        "transfer.csv": _table(store, "transfer", ("frequency", "share")),
    }
    return Content("reports/_crystal.html", context, files)


def of_summary(summary: dict[str, Any]) -> list[Claim]:
    """Every claim of a run, each with what speaks for and against it."""
    least, best = summary["agreement"]["least"], min(summary["misfit"]["squared"])
    period = crystals.period(summary)
    alike, fits = least >= ALIKE, best <= FITS
    shown = (
        ("starts-agree", "lowest correlation of two starts", f"{least:.2f}"),
        ("phase-transfer", "shared down to", period or "nothing"),
    )
    agreed = "Crystals from other random phases correlate "
    agreed += f"by {least:.2f} or more; {ALIKE} is asked for."
    return [
        Claim(
            about="fit",
            sentence="The crystal explains what was counted.",
            stands=fits,
            because=f"Its squared amplitude error is {best:.4f}; {FITS} is asked for.",
            shown=(("crystal-misfit", "misfit R of the best start", f"{best:.4f}"),),
            evidence={"misfit": summary["misfit"]},
        ),
        Claim(
            about="shape and strain",
            sentence="The starts found one crystal, in its shape and in its phase.",
            stands=alike and fits,
            because=agreed,
            shown=shown,
            evidence={"agreement": summary["agreement"]},
        ),
        Claim(
            about="detail",
            sentence=f"Detail down to a period of {period} is the same in all starts."
            if period
            else "Some detail is the same in all starts.",
            stands=bool(period) and alike,
            because=agreed,
            shown=shown,
            evidence={"agreement": summary["agreement"], "crystal": summary["crystal"]},
        ),
    ]


def _picture(store: RunStore, name: str) -> dict[str, Any]:
    """Three slices, one beside the other, and their scale of colours."""
    picture = crystal_figures.beside(store, name)
    drawn = np.where(picture[..., 3:] > 0, picture[..., :3], scan_drawings.PAPER).astype(np.uint8)
    paint = crystal_figures.PICTURES[name]
    ramp = scan_drawings.ramp(paint)
    return {"picture": data_uri(enlarged(drawn, GROW)), "title": paint.title, "ramp": ramp}


def _transfer(store: RunStore) -> dict[str, Any]:
    table = store.table("transfer")
    chart = Chart(
        Axis("frequency (1/voxel)", 0, float(table["frequency"].max())),
        Axis("amplitude that starts share", 0, max(1.0, 1.05 * float(table["share"].max()))),
        "Amplitude that starts share against spatial frequency",
    )
    half = crystal_figures.HALF
    chart.line([(chart.x.low, half), (chart.x.high, half)], "rule")
    pairs = zip(table["frequency"].tolist(), table["share"].tolist(), strict=True)
    chart.line(list(pairs), "along")
    return chart.drawn()


def _course(store: RunStore) -> dict[str, Any]:
    table = store.table("course")
    top = 1.05 * float(np.percentile(table["misfit"], 98))
    chart = Chart(
        Axis.around("look at the support, every 20 iterations", table["look"]),
        Axis("misfit R", 0, top),
        "The misfit of every start as it went",
        height=150,
    )
    kept = table["misfit"] <= top
    for start in np.unique(table["start"]):
        mine = kept & (table["start"] == start)
        pairs = zip(table["look"][mine].tolist(), table["misfit"][mine].tolist(), strict=True)
        chart.line(list(pairs), "along")
    return chart.drawn()


def _table(store: RunStore, name: str, columns: tuple[str, ...]) -> bytes:
    table, text = store.table(name), io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    rows = zip(*(table[column] for column in columns), strict=True)
    writer.writerows([f"{value:.6g}" for value in row] for row in rows)
    return text.getvalue().encode()
