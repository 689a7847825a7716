"""What the report of a run on maps holds: features believed and doubted, agreement, samples."""

from typing import Any

from fiducial.audits import queries as audits
from fiducial.audits import words
from fiducial.runs.models import Run
from fiducial.viewer import page
from workers.store import RunStore

from . import claims, drawings, sealing
from .claims import Claim
from .content import Content
from .pictures import Artist


def how(run: Run) -> str:
    """What was made of the maps, for the title."""
    factor = run.parameters.get("factor", 1)
    return "denoised" if factor == 1 else f"at ×{factor}"


def content(run: Run, store: RunStore) -> Content:
    """The part of the report that only maps have."""
    found = claims.of_run(store)
    audit = audits.claim(run)
    files = {"claims.json": sealing.readable([claim.as_json() for claim in found])}
    if audit:
        files["audit.json"] = sealing.readable(audits.evidence(audit))
    context = _context(store, found) | {"said": words.claim(audit) if audit else None}
    return Content("reports/_maps.html", context, files)


def _context(store: RunStore, found: list[Claim]) -> dict[str, Any]:
    artist = Artist(store)
    worst = claims.worst(found)
    doubted = [claim for claim in claims.doubted(found) if claim != worst]
    hero = _hero(found)
    return {
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
    }


def _hero(found: list[Claim]) -> int:
    """The element the pictures on top show: that of the safest claim, or the first."""
    safest = claims.believed(found)
    return safest[0].channel if safest else 0


def _shown(artist: Artist, claim: Claim) -> dict[str, Any]:
    crop = artist.crop(claim.channel, claim.y, claim.x, claim.size_px)
    return {"claim": claim, "crop": crop}
