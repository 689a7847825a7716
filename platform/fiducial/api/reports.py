"""Frozen reports."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Router, Status
from ninja.pagination import paginate

from fiducial.reports import sealing, services
from fiducial.reports.models import Report
from fiducial.reports.queries import visible_reports
from fiducial.runs.queries import visible_runs

from .auth import SIGNED_IN
from .paging import Pages
from .repeating import repeatable
from .schemas import ReportIn, ReportOut, SealOut

router = Router(tags=["reports"])


@router.get("/reports", response=list[ReportOut], auth=SIGNED_IN)
@paginate(Pages)
def list_reports(request: HttpRequest, run: UUID | None = None) -> QuerySet[Report]:
    """The reports of your labs, newest first; of one run if you name it."""
    found = visible_reports(request.user).select_related("frozen_by").order_by("-frozen")
    return found if run is None else found.filter(run=run)


@router.get("/reports/{uuid:pk}", response=ReportOut, auth=SIGNED_IN)
def get_report(request: HttpRequest, pk: UUID) -> Report:
    """One report; `content_hash` is what its sealed files hash to."""
    return get_object_or_404(visible_reports(request.user).select_related("frozen_by"), pk=pk)


@router.get("/reports/{uuid:pk}/check", response=SealOut, auth=SIGNED_IN)
def check_report(request: HttpRequest, pk: UUID) -> dict[str, Any]:
    """Recompute the hashes of a report as it lies on the server now."""
    report = get_object_or_404(visible_reports(request.user), pk=pk)
    broken = sealing.broken(services.folder(report), report.content_hash)
    return {"as_sealed": not broken, "problems": broken, "content_hash": report.content_hash}


@router.post("/runs/{uuid:pk}/reports", response={201: ReportOut}, auth=SIGNED_IN)
@repeatable
def freeze_report(request: HttpRequest, pk: UUID, body: ReportIn) -> Status:
    """Freeze a finished run into the next version of its report."""
    run = get_object_or_404(visible_runs(request.user), pk=pk)
    return Status(201, services.freeze(run=run, by=request.user, title=body.title))
