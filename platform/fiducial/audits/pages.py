"""What the pages of windows and claims are given to show."""

from operator import attrgetter
from typing import Any

from fiducial.accounts import permissions
from fiducial.accounts.models import User
from fiducial.measurements.models import Measurement
from fiducial.runs.models import Run

from . import queries, stage_list, words
from .models import Audit, Placement


def of_map(measurement: Measurement) -> dict[str, Any]:
    """The context of `audits/windows.html`."""
    placement = queries.drawn(measurement)
    chosen = measurement.placements.filter(kind=Placement.Kind.CHOSEN).order_by("-made")
    rescans = queries.progress(placement) if placement else []
    lists = [_chosen(one) for one in chosen.select_related("run", "chosen_by")]
    moving = [*rescans, *(each for one in lists for each in one["rescans"])]
    return {
        "measurement": measurement,
        "placement": placement,
        "picture": picture(placement) if placement and placement.windows else None,
        "factors": stage_list.FACTORS,
        "usual": stage_list.usual_factor(placement) if placement else None,
        "rescans": [_judged(one) for one in rescans],
        "chosen": lists,
        "under_way": any(one.under_way for one in moving),
        "judged": placement is not None and queries.has_judged(placement),
        "runs": measurement.runs.filter(state=Run.State.SUCCEEDED).exists(),
    }


def of_run(run: Run, user: User) -> dict[str, Any]:
    """The context of `audits/_claim.html`."""
    audits = queries.audits_of(run)
    audit = queries.claim_among(audits)
    states = {one.state for one in audits}
    refusals = [one for one in audits if one.state == Audit.State.REFUSED]
    return {
        "run": run,
        "placement": queries.drawn(run.measurement),
        "said": words.claim(audit) if audit else None,
        "waiting": audit is None and bool(states & {Audit.State.WAITING, Audit.State.JUDGING}),
        "refused": max(refusals, key=attrgetter("since"), default=None) if audit is None else None,
        "gains": [{"audit": one, "rows": gain_rows(one)} for one in queries.gains_among(audits)],
        "may_work": permissions.may(user, permissions.WORK, run.lab),
    }


def gain_rows(audit: Audit) -> list[dict[str, Any]]:
    """Each chosen window: what it was expected to find out, and what it found."""
    placement = audit.rescan.placement
    return [
        {"number": number, "promised": promised, **found}
        for number, (promised, found) in enumerate(
            zip(placement.gains, audit.result["gains"], strict=False), start=1
        )
    ]


def picture(placement: Placement) -> dict[str, Any]:
    """The windows over a thumbnail of the map, for `audits/_picture.html`; measured pixels."""
    height, width = placement.measurement.summary["shape"]
    return {
        "height": height,
        "width": width,
        "letter": max(height, width) / 28,
        "windows": [
            {
                "number": number,
                "use": words.use(placement, number),
                "x": w.column,
                "y": w.row,
                "size": w.size,
                "label_x": w.column + w.size / 2,
                "label_y": w.row + w.size / 2,
            }
            for number, w in enumerate(placement.places, start=1)
        ],
    }


def _judged(progress: queries.Progress) -> dict[str, Any]:
    """A rescan with the words of every run it judged."""
    rows = []
    for audit in progress.audits:
        done = audit.state == Audit.State.DONE and "all" in audit.result
        rows.append({"audit": audit, "said": words.claim(audit) if done else None})
    return {"rescan": progress.rescan, "rows": rows, "under_way": progress.under_way}


def _chosen(placement: Placement) -> dict[str, Any]:
    rescans = queries.progress(placement)
    audits = [audit for one in rescans for audit in one.audits]
    done = next((audit for audit in audits if audit.state == Audit.State.DONE), None)
    return {
        "placement": placement,
        "picture": picture(placement),
        "rescans": rescans,
        "expected": sum(placement.gains),
        "audit": done,
        "rows": gain_rows(done) if done else [],
        "refused": next((a for a in audits if a.state == Audit.State.REFUSED), None),
    }
