"""The text of a report: everything it shows, gathered once, and rendered without a request."""

from datetime import datetime
from pathlib import Path
from typing import Any

from django.contrib.staticfiles import finders
from django.template.loader import render_to_string

from fiducial.accounts.models import User
from fiducial.audits import queries as audits
from fiducial.audits import words
from fiducial.runs.models import Run
from fiducial.viewer import page, stores
from workers.store import RunStore

from . import claims, drawings, pdf
from .claims import Claim
from .pictures import Artist

BODY = ("<!--report-->", "<!--/report-->")
STYLE = "reports/report.css"


def gather(
    run: Run, *, title: str, version: int, sealed: datetime, by: User, run_hash: str
) -> dict[str, Any]:
    """The context of `reports/document.html`."""
    store = stores.of_run(run)
    artist = Artist(store)
    found = claims.of_run(store)
    worst = claims.worst(found)
    doubted = [claim for claim in claims.doubted(found) if claim != worst]
    hero = _hero(store, found)
    audit = audits.claim(run)
    return {
        "title": title,
        "version": version,
        "sealed": sealed,
        "by": by.get_full_name() or by.username,
        "run": run,
        "run_hash": run_hash,
        "said": words.claim(audit) if audit else None,
        "summary": store.summary,
        "provenance": store.provenance,
        "elements": page.elements(store),
        "factor": artist.factor,
        "shape": store.shape,
        "measured_shape": store.measured_shape,
        "samples": store.samples,
        "hero": {
            "element": store.channels[hero],
            "measured": artist.overview("measured", hero),
            "estimate": artist.overview("estimate", hero, striped=True),
        },
        "believed": [_shown(artist, claim) for claim in claims.believed(found)],
        "doubted": [_shown(artist, claim) for claim in doubted],
        "worst": _shown(artist, worst) if worst else None,
        "worst_is_absent": bool(worst and worst.risk > claims.DOUBTED),
        "feature_count": len(found),
        "trusted_percent": round(100 * claims.TRUSTED),
        "agreement": drawings.agreement(store.summary),
        "thumbnails": [
            {"k": k + 1, "picture": artist.overview(f"samples/{k}", hero)}
            for k in range(min(3, store.samples))
        ],
        "calibration": page.facts(page.without_curves(store.summary.get("calibration", {}))),
        "parameters": page.facts(
            {key: value for key, value in store.provenance.items() if key != "libraries"}
        ),
        "libraries": store.provenance.get("libraries", {}),
        "files": run.measurement.summary.get("files", []),
        "all_claims": [claim.as_json() for claim in found],
    }


def rendered(context: dict[str, Any], pdf_name: str | None) -> str:
    """The self-contained HTML; `pdf_name` None says in a sentence why there is no PDF."""
    style = Path(finders.find(STYLE)).read_text(encoding="utf-8")
    return render_to_string(
        "reports/document.html",
        {**context, "style": style, "pdf_name": pdf_name, "pdf_missing": pdf.MISSING},
    )


def body(html: str) -> str:
    """The part of a frozen document that the portal shows inside its own page."""
    start, end = (html.index(mark) for mark in BODY)
    return html[start:end]


def _hero(store: RunStore, found: list[Claim]) -> int:
    """The element the pictures on top show: that of the safest claim, or the first."""
    safest = claims.believed(found)
    return safest[0].channel if safest else 0


def _shown(artist: Artist, claim: Claim) -> dict[str, Any]:
    crop = artist.crop(claim.channel, claim.y, claim.x, claim.size_px)
    return {"claim": claim, "crop": crop}
