"""Projects, measurements and their upload in parts that can resume."""

from collections.abc import Sequence
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Router, Status
from ninja.pagination import paginate

from fiducial.accounts.queries import visible_labs
from fiducial.measurements import queries, services
from fiducial.measurements.models import Measurement, Project, UploadedFile
from fiducial.measurements.names import harmless_path

from .auth import SIGNED_IN
from .paging import Pages
from .repeating import repeatable
from .schemas import (
    CorrectionIn,
    FileIn,
    MeasurementOut,
    ProjectIn,
    ProjectOut,
    StandardsIn,
    UploadIn,
    UploadOut,
)

router = Router(tags=["measurements"])
PART_HASH = {
    "name": "X-Content-SHA256",
    "in": "header",
    "required": True,
    "schema": {"type": "string", "pattern": "^[0-9a-fA-F]{64}$"},
}
PART = {
    "required": True,
    "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
}


@router.get("/projects", response=list[ProjectOut], auth=SIGNED_IN)
@paginate(Pages)
def list_projects(request: HttpRequest) -> QuerySet[Project]:
    """The projects of your labs."""
    return queries.visible_projects(request.user).select_related("lab").order_by("-created")


@router.post("/projects", response={201: ProjectOut}, auth=SIGNED_IN)
@repeatable
def open_project(request: HttpRequest, body: ProjectIn) -> Status:
    """Open a project in one of your labs."""
    lab = get_object_or_404(visible_labs(request.user), pk=body.lab)
    return Status(201, services.create_project(lab=lab, user=request.user, name=body.name))


@router.get("/projects/{int:number}", response=ProjectOut, auth=SIGNED_IN)
def get_project(request: HttpRequest, number: int) -> Project:
    """One project."""
    visible = queries.visible_projects(request.user).select_related("lab")
    return get_object_or_404(visible, pk=number)


@router.get("/measurements", response=list[MeasurementOut], auth=SIGNED_IN)
@paginate(Pages)
def list_measurements(request: HttpRequest, project: int | None = None) -> QuerySet[Measurement]:
    """The measurements of your labs, newest first; of one project if you name it."""
    found = queries.visible_measurements(request.user).order_by("-created")
    return found if project is None else found.filter(project=project)


@router.get("/measurements/{uuid:pk}", response=MeasurementOut, auth=SIGNED_IN)
def get_measurement(request: HttpRequest, pk: UUID) -> Measurement:
    """One measurement and what was read in its files."""
    return _visible(request, pk)


@router.post("/measurements", response={200: UploadOut, 201: UploadOut}, auth=SIGNED_IN)
@repeatable
def announce_upload(request: HttpRequest, body: UploadIn) -> Status:
    """Announce the files of a measurement. An unfinished upload of the same files is continued."""
    project = get_object_or_404(queries.visible_projects(request.user), pk=body.project)
    upload, new = services.create_upload(
        project=project,
        user=request.user,
        name=body.name,
        files=[(file.path, file.size) for file in body.files],
    )
    return Status(201 if new else 200, upload_answer(upload, body.files))


@router.get("/measurements/{uuid:pk}/upload", response=UploadOut, auth=SIGNED_IN)
def get_upload(request: HttpRequest, pk: UUID) -> dict:
    """Which parts have not arrived."""
    return upload_answer(_visible(request, pk))


@router.put(
    "/measurements/{uuid:pk}/files/{int:file}/parts/{int:number}",
    response={204: None},
    auth=SIGNED_IN,
    openapi_extra={"parameters": [PART_HASH], "requestBody": PART},
)
def put_part(request: HttpRequest, pk: UUID, file: int, number: int) -> Status:
    """Send the bytes of one part; the header `X-Content-SHA256` is what they must hash to."""
    files = UploadedFile.objects.select_related("measurement__project__lab")
    row = get_object_or_404(files, pk=file, measurement=_visible(request, pk))
    # Never hold more than a part in memory, whatever is sent: one byte over is enough to refuse.
    body = services.taken(request, services.part_size(row.size, number) + 1)
    sha256 = request.headers.get("X-Content-SHA256", "")
    services.receive_part(user=request.user, file=row, number=number, body=body, sha256=sha256)
    return Status(204, None)


@router.post("/measurements/{uuid:pk}/complete", response=MeasurementOut, auth=SIGNED_IN)
def complete_upload(request: HttpRequest, pk: UUID) -> Measurement:
    """Close the upload and hand it to the reader; ask for the measurement until it is ready."""
    return services.complete(user=request.user, measurement=_visible(request, pk))


@router.put("/measurements/{uuid:pk}/corrections", response=MeasurementOut, auth=SIGNED_IN)
def correct_measurement(request: HttpRequest, pk: UUID, body: CorrectionIn) -> Measurement:
    """Say what the files do not; they are read again into a new revision."""
    found = _visible(request, pk)
    services.correct(measurement=found, user=request.user, answers=body.answers())
    return found


@router.delete("/measurements/{uuid:pk}", response={204: None}, auth=SIGNED_IN)
def delete_measurement(request: HttpRequest, pk: UUID) -> Status:
    """Delete a measurement and its files; refused where runs stand on it."""
    services.delete(measurement=_visible(request, pk), user=request.user)
    return Status(204, None)


@router.put("/measurements/{uuid:pk}/standards", response={204: None}, auth=SIGNED_IN)
def put_standards(request: HttpRequest, pk: UUID, body: StandardsIn) -> Status:
    """Give compositions in wt% by a table of standards (CSV)."""
    services.attach_standards(
        measurement=_visible(request, pk),
        name=body.name,
        data=body.table.encode(),
        by=request.user,
    )
    return Status(204, None)


@router.delete("/measurements/{uuid:pk}/standards", response={204: None}, auth=SIGNED_IN)
def remove_standards(request: HttpRequest, pk: UUID) -> Status:
    """Give compositions in counts again."""
    services.detach_standards(measurement=_visible(request, pk), by=request.user)
    return Status(204, None)


def _visible(request: HttpRequest, pk: UUID) -> Measurement:
    visible = queries.visible_measurements(request.user).select_related("project__lab")
    return get_object_or_404(visible, pk=pk)


def upload_answer(upload: Measurement, announced: Sequence[FileIn] = ()) -> dict:
    """What an upload still lacks, as `UploadOut`, for the client that `announced` its files."""
    # A name may have been made harmless: tell the client which of its files each one is.
    given = {harmless_path(file.path): file.path for file in announced}
    files = [
        {
            "id": file.pk,
            "path": file.name,
            "given": given.get(file.name, file.name),
            "size": file.size,
            "missing": [] if file.complete else services.missing_parts(file),
        }
        for file in upload.files.order_by("pk")
    ]
    part_bytes = settings.UPLOAD_PART_BYTES
    return {"id": upload.pk, "state": upload.state, "part_bytes": part_bytes, "files": files}
