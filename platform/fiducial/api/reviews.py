"""Asking for reviews of reports."""

from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Router, Status
from ninja.pagination import paginate

from fiducial.reports.models import Report
from fiducial.reports.queries import visible_reports
from fiducial.review import asking, queries, services
from fiducial.review.models import ReviewRequest

from .auth import SIGNED_IN
from .paging import Pages
from .repeating import repeatable
from .schemas import ReasonIn, RequestIn, RequestOut

router = Router(tags=["reviews"])


@router.get("/requests", response=list[RequestOut], auth=SIGNED_IN)
@paginate(Pages)
def list_asked(request: HttpRequest) -> QuerySet[ReviewRequest]:
    """The reviews you were asked for and have not done, the most urgent first."""
    return asking.open_for(request.user)


@router.get("/reports/{uuid:pk}/requests", response=list[RequestOut], auth=SIGNED_IN)
@paginate(Pages)
def list_requests(request: HttpRequest, pk: UUID) -> QuerySet[ReviewRequest]:
    """Who was asked to review a report; of a blind review, who may still decide sees their own."""
    return queries.requests_of(_visible(request, pk), request.user)


@router.post("/reports/{uuid:pk}/requests", response={201: RequestOut}, auth=SIGNED_IN)
@repeatable
def ask_for_review(request: HttpRequest, pk: UUID, body: RequestIn) -> Status:
    """Ask somebody of the lab to decide on a report by a day; only its owners can."""
    report = _visible(request, pk)
    asked = asking.ask(report=report, by=request.user, **body.model_dump())
    return Status(201, queries.requests_of(report, request.user).get(pk=asked.pk))


@router.delete("/reports/{uuid:pk}/requests/{int:asked}", response={204: None}, auth=SIGNED_IN)
def withdraw_request(request: HttpRequest, pk: UUID, asked: int) -> Status:
    """Ask them no more; only owners can."""
    found = get_object_or_404(_visible(request, pk).requests, pk=asked)
    asking.withdraw(request=found, by=request.user)
    return Status(204, None)


@router.post("/reports/{uuid:pk}/unblind", response={204: None}, auth=SIGNED_IN)
def end_blind_review(request: HttpRequest, pk: UUID, body: ReasonIn) -> Status:
    """End the blind review of a report; who and why stands in the trail. Only owners can."""
    services.lift_blindness(report=_visible(request, pk), by=request.user, reason=body.reason)
    return Status(204, None)


def _visible(request: HttpRequest, pk: UUID) -> Report:
    return get_object_or_404(visible_reports(request.user), pk=pk)
