"""The upload protocol over HTTP: JSON in, JSON out, a sentence when something is refused.

create (POST) → part n with its SHA-256 (PUT) → state (GET) → complete (POST). Addresses in answers
are relative, so a proxy in front changes nothing.
"""

import functools
import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from fiducial.accounts.permissions import NotAllowed
from fiducial.errors import Refused

from .. import queries, services
from ..errors import DiskFull, Duplicate, HashMismatch, Incomplete, OverQuota, TooLarge
from ..models import Measurement, UploadedFile
from ..names import harmless_path

STATUS: dict[type[Refused], int] = {
    TooLarge: 413,
    DiskFull: 507,
    OverQuota: 507,
    HashMismatch: 422,
    Incomplete: 409,
    Duplicate: 409,
    NotAllowed: 403,
    Refused: 400,
}
View = Callable[..., HttpResponse]


def answers_json(view: View) -> View:
    """Answer a refusal, or a person who is signed out, with a sentence a program can show."""

    @functools.wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            sentence = "You are signed out. Sign in and choose the same files again to go on."
            return JsonResponse({"error": sentence}, status=401)
        try:
            return view(request, *args, **kwargs)
        except Refused as refusal:
            body = {"error": str(refusal)}
            if isinstance(refusal, Duplicate):
                body["existing"] = refusal.existing.get_absolute_url()
            return JsonResponse(body, status=STATUS[type(refusal)])

    return answer


@require_POST
@answers_json
def create(request: HttpRequest, pk: int) -> HttpResponse:
    """Announce files: {"name": …, "files": [{"path": …, "size": …}]} → the upload's state."""
    project = get_object_or_404(queries.visible_projects(request.user), pk=pk)
    name, files = announced(request)
    upload, new = services.create_upload(project=project, user=request.user, name=name, files=files)
    return JsonResponse(described(upload, files), status=201 if new else 200)


@require_GET
@answers_json
def state(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Which parts have arrived."""
    return JsonResponse(_state(_visible(request, pk)))


@require_http_methods(["PUT"])
@answers_json
def part(request: HttpRequest, pk: UUID, file_pk: int, number: int) -> HttpResponse:
    """Take one part; the header `X-Content-SHA256` says what its bytes must hash to."""
    files = UploadedFile.objects.select_related("measurement__project__lab")
    file = get_object_or_404(files, pk=file_pk, measurement=_visible(request, pk))
    # Never hold more than a part in memory, whatever is sent: one byte over is enough to refuse.
    body = services.taken(request, services.part_size(file.size, number) + 1)
    services.receive_part(
        user=request.user,
        file=file,
        number=number,
        body=body,
        sha256=request.headers.get("X-Content-SHA256", ""),
    )
    return JsonResponse({"received": number})


@require_POST
@answers_json
def complete(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Close the upload and hand it to the reader."""
    measurement = services.complete(user=request.user, measurement=_visible(request, pk))
    return JsonResponse({"state": measurement.state, "page": measurement.get_absolute_url()})


def _visible(request: HttpRequest, pk: UUID) -> Measurement:
    seen = queries.visible_measurements(request.user).select_related("project__lab")
    return get_object_or_404(seen, pk=pk)


def announced(request: HttpRequest) -> tuple[str, list[tuple[str, int]]]:
    """Name and files (path, bytes) in the body of a request that announces an upload."""
    try:
        body = json.loads(request.body)
        files = [(str(file["path"]), int(file["size"])) for file in body["files"]]
        return str(body.get("name", "")), files
    except (ValueError, TypeError, KeyError, AttributeError) as fault:
        raise Refused(
            'Send {"name": …, "files": [{"path": …, "size": bytes}, …]} as JSON.'
        ) from fault


def described(upload: Measurement, files: list[tuple[str, int]]) -> dict[str, Any]:
    """The state of an upload for the client that announced `files`."""
    answer = _state(upload)
    # A name may have been made harmless: tell the client which of its files each one is.
    given = {harmless_path(path): path for path, _ in files}
    for file in answer["files"]:
        file["given"] = given[file["path"]]
    return answer


def _state(upload: Measurement) -> dict[str, Any]:
    answer = queries.upload_state(upload)
    for file in answer["files"]:
        # A part's number goes behind this address.
        first = reverse("measurements:upload-part", args=[upload.pk, file["id"], 0])
        file["parts_url"] = first.removesuffix("0/")
    answer["complete_url"] = reverse("measurements:upload-complete", args=[upload.pk])
    return answer
