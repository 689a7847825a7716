"""Which runs a rescan can judge, found out as soon as it was read."""

from django.db.models import F, Q, QuerySet

from fiducial.measurements.models import Measurement
from fiducial.runs.models import Run
from workers.assessment.audit.claim import FEWEST

from . import stage_list
from .models import Audit, Placement, Rescan


def check() -> None:
    """Look at every rescan that was read since: how much finer it is, or why it cannot judge."""
    for rescan in _readable().exclude(revision=F("measurement__revision")):
        rescan.revision = rescan.measurement.revision
        rescan.factor, rescan.refusal = None, ""
        fits = _fit(rescan)
        if isinstance(fits, int):
            rescan.factor = fits
        else:
            rescan.refusal = fits
        rescan.save(update_fields=["revision", "factor", "refusal"])


def pair() -> None:
    """Ask for the judgement of every finished run by every rescan on its grid."""
    for rescan in _readable().filter(revision=F("measurement__revision"), factor__isnull=False):
        placement = rescan.placement
        runs = placement.measurement.runs.filter(state=Run.State.SUCCEEDED)
        runs = runs.filter(parameters__factor=rescan.factor)
        if not placement.is_drawn:
            runs = runs.filter(pk=placement.run_id)
        judged = Q(audits__rescan=rescan, audits__rescan_revision=rescan.revision)
        for run in runs.exclude(pk__in=Run.objects.filter(judged)):
            Audit.objects.get_or_create(rescan=rescan, rescan_revision=rescan.revision, run=run)


def _readable() -> QuerySet[Rescan]:
    ready = Rescan.objects.filter(measurement__state=Measurement.State.READY)
    return ready.select_related("measurement", "placement__measurement")


def _fit(rescan: Rescan) -> int | str:
    """How much finer a rescan is than its map; a sentence where it does not fit."""
    placement, found = rescan.placement, rescan.measurement.summary
    first = placement.measurement.summary
    if found["units"] != "counts":
        return "The windows hold no counts. Export the raw counts of every window."
    if not set(found["channels"]) & set(first["channels"]):
        return (
            f"The windows hold {', '.join(found['channels'])}, the map "
            f"{', '.join(first['channels'])}: no element in common."
        )
    if not found.get("windows"):
        return _fit_whole(found["shape"], first["shape"])
    return _fit_windows(placement, found["windows"], found["shape"])


def _fit_windows(placement: Placement, count: int, shape: list[int]) -> int | str:
    rows, columns = shape[0] // count, shape[1]
    size = placement.size
    if rows != columns or columns % size or columns // size not in stage_list.FACTORS:
        sides = ", ".join(f"{size * f} × {size * f} at ×{f}" for f in stage_list.FACTORS)
        return (
            f"Each window has {rows} × {columns} pixels; the stage list asks for {sides}. "
            "Rescan with the size and step of the list."
        )
    if placement.is_drawn and count < FEWEST:
        return f"These are {count} windows; a claim takes {FEWEST} at least."
    return columns // size


def _fit_whole(shape: list[int], first: list[int]) -> int | str:
    for factor in stage_list.FACTORS:
        if shape == [side * factor for side in first]:
            return factor
    return (
        f"This is one map of {shape[0]} × {shape[1]} pixels. Bring either every window in a folder "
        "called by its number, or a map of the whole field that is 1, 2, 4 or 8 times as fine as "
        f"{first[0]} × {first[1]}."
    )
