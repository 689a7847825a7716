"""Audit windows: where they lie, announcing their rescan, what a run was found to be worth."""

from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Router, Status
from ninja.pagination import paginate

from fiducial.audits import queries, services
from fiducial.audits.models import Audit, Placement
from fiducial.measurements.queries import visible_measurements
from fiducial.runs.queries import visible_runs

from .auth import SIGNED_IN
from .measurements import upload_answer
from .paging import Pages
from .repeating import repeatable
from .schemas import AuditOut, ChoiceIn, PlacementOut, RescanIn, UploadOut

router = Router(tags=["audits"])


@router.get("/measurements/{uuid:pk}/audit-windows", response=list[PlacementOut], auth=SIGNED_IN)
@paginate(Pages)
def list_windows(request: HttpRequest, pk: UUID) -> QuerySet[Placement]:
    """The windows of a map, drawn and chosen by runs, newest first; a movie has none."""
    found = get_object_or_404(visible_measurements(request.user), pk=pk)
    return queries.visible_placements(request.user).filter(measurement=found).order_by("-made")


@router.post(
    "/audit-windows/{int:number}/rescans",
    response={200: UploadOut, 201: UploadOut},
    auth=SIGNED_IN,
)
@repeatable
def announce_rescan(request: HttpRequest, number: int, body: RescanIn) -> Status:
    """Announce the files of rescanned windows, each in a folder called by its number; then send
    and complete them as those of any measurement."""
    placement = get_object_or_404(queries.visible_placements(request.user), pk=number)
    upload, new = services.announce(
        placement=placement,
        user=request.user,
        name=body.name,
        files=[(file.path, file.size) for file in body.files],
    )
    return Status(201 if new else 200, upload_answer(upload, body.files))


@router.post("/runs/{uuid:pk}/audit-windows", response={201: PlacementOut}, auth=SIGNED_IN)
@repeatable
def choose_windows(request: HttpRequest, pk: UUID, body: ChoiceIn) -> Status:
    """Place windows where a finished run expects most false features."""
    run = get_object_or_404(visible_runs(request.user), pk=pk)
    return Status(201, services.choose(run=run, user=request.user, count=body.count))


@router.get("/runs/{uuid:pk}/audits", response=list[AuditOut], auth=SIGNED_IN)
@paginate(Pages)
def list_audits(request: HttpRequest, pk: UUID) -> QuerySet[Audit]:
    """What rescanned windows said of a run, oldest first; ask again while one is not done."""
    run = get_object_or_404(visible_runs(request.user), pk=pk)
    return run.audits.select_related("rescan__placement").order_by("rescan__announced")
