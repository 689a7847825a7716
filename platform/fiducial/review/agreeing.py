"""The agreement of reviewers on one report, and on all reports of a lab."""

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet

from fiducial.accounts.models import Lab
from fiducial.audits import queries as audits
from fiducial.audits.models import Audit
from fiducial.reports.models import Report

from . import agreement, details
from .agreement import Key
from .models import Mark


def of_report(report: Report) -> dict[str, Any]:
    """The context of `review/_agreement.html` for one report."""
    return _context(list(report.marks.all()), [report])


def of_lab(lab: Lab, hidden: QuerySet[Report]) -> dict[str, Any]:
    """The same for everything that was marked in a lab, but for the reports that are `hidden`."""
    reports = Report.objects.filter(run__lab=lab).exclude(pk__in=hidden)
    marked = reports.exclude(marks=None).select_related("run").distinct()
    return _context(list(Mark.objects.filter(report__in=reports)), list(marked))


def truth(reports: Sequence[Report]) -> dict[Key, bool]:
    """Of every feature that audit windows looked for, whether it was there."""
    found: dict[Key, bool] = {}
    judged = audits.claims([report.run for report in reports])
    for report in reports:
        if audit := judged.get(report.run_id):
            there = _there(audit)
            found |= {
                (report.pk, detail.number): there[detail.place]
                for detail in details.of(report)
                if detail.place in there
            }
    return found


def _there(audit: Audit) -> dict[tuple[str, int, int], bool]:
    each = audit.result["features"].get("each", [])  # audits of older versions kept none
    return {(one["element"], one["y"], one["x"]): not one["absent"] for one in each}


def _context(marks: list[Mark], reports: list[Report]) -> dict[str, Any]:
    spoken = agreement.voices(marks)
    known = truth(reports) if marks else {}
    return {
        "voices": spoken,
        "pairs": agreement.pairs(spoken),
        "versus": agreement.against(spoken, known),
        "covered": len(known),
        "fewest": agreement.FEWEST,
    }
