"""Files to take away: what a run offers, a report under its seal, the list a stage is driven by."""

from enum import StrEnum
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from ninja import Router

from fiducial.audits import views as audits
from fiducial.reports import views as reports
from fiducial.viewer import answering, views

from .auth import SIGNED_IN

router = Router(tags=["files"])


class Download(StrEnum):
    """What a finished run can be taken away as."""

    TEXT = "text"  # zip of XMapTools grids: estimate and sigma of every element
    TIFF = "tiff"  # the same as float32 TIFF
    OME_ZARR = "ome-zarr"  # zip of everything, samples and risk too
    PROVENANCE = "provenance"  # JSON
    ANSWERS = "answers"  # CSV of phases and their compositions
    UNITS = "units"  # CSV of the units of a movie
    FRAMES = "frames"  # CSV of the frames of a diffraction scan


def answers(*media_types: str) -> dict[str, Any]:
    """What the schema says of a route that answers with a file."""
    file = {"schema": {"type": "string", "format": "binary"}}
    body = {kind: {} if kind == "application/json" else file for kind in media_types}
    return {"responses": {200: {"description": "The file", "content": body}}}


@router.get(
    "/runs/{uuid:pk}/downloads/{kind}",
    auth=SIGNED_IN,
    openapi_extra=answers("application/zip", "application/json", "text/csv"),
)
def download_run(
    request: HttpRequest, pk: UUID, kind: Download
) -> HttpResponse | StreamingHttpResponse:
    """A finished run as `text`, `tiff`, `ome-zarr`, `provenance`, or its tables as CSV."""
    if kind is Download.ANSWERS:
        return answering.run_answers(request, pk)
    if kind is Download.UNITS:
        return views.run_units(request, pk)
    if kind is Download.FRAMES:
        return views.run_frames(request, pk)
    return views.run_download(request, pk, kind.value)


@router.get("/reports/{uuid:pk}/download", auth=SIGNED_IN, openapi_extra=answers("application/zip"))
def download_report(request: HttpRequest, pk: UUID) -> StreamingHttpResponse:
    """The whole report as a zip; `verify.py` in it checks the seal, and so does our client."""
    return reports.download(request, pk)


@router.get(
    "/audit-windows/{int:number}/stage-list", auth=SIGNED_IN, openapi_extra=answers("text/csv")
)
def get_stage_list(request: HttpRequest, number: int, factor: int | None = None) -> HttpResponse:
    """Where the windows lie, in pixels and micrometres; `factor` finer than the map (1, 2, 4, 8).

    Without it the factor is the usual one: 1 for a fine map, 4 for a coarse one.
    """
    return audits.stages(request, number)
