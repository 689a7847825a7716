"""The page of one measurement: what was read, what was found, what a person can correct."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from fiducial.accounts import permissions
from fiducial.errors import Refused
from workers.recipes.catalogue import RECIPES
from workers.store import StoreError

from .. import event_pages, frame_pages, gallery, queries, services
from ..event_forms import EventCorrectionForm
from ..forms import CorrectionForm
from ..frame_forms import FrameCorrectionForm
from ..models import Measurement

AnyForm = CorrectionForm | FrameCorrectionForm | EventCorrectionForm
CORRECTING: dict[type[AnyForm], str] = {
    FrameCorrectionForm: "measurements/_correct_frames.html",
    EventCorrectionForm: "measurements/_correct_events.html",
}


@login_required
@require_GET
def measurement(request: HttpRequest, pk: UUID) -> HttpResponse:
    found = _visible(request, pk)
    if found.state == Measurement.State.LIVE:
        return redirect("live:scan", pk)
    return _page(request, found, _form_of(found)(found))


@login_required
@require_GET
def progress(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The part of the page that is asked for every two seconds until a final state."""
    found = _visible(request, pk)
    if found.is_final:
        # HTMX then loads the whole page: there is more to show than a state.
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    return render(request, "measurements/_progress.html", {"measurement": found})


@login_required
@require_POST
def correct(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Take corrections and have the files read again."""
    found = _visible(request, pk)
    form = _form_of(found)(found, request.POST)
    if not form.is_valid():
        return _page(request, found, form, status=422)
    try:
        services.correct(measurement=found, user=request.user, answers=form.answers())
    except Refused as refusal:
        messages.error(request, str(refusal))
    return redirect(found)


@login_required
@require_http_methods(["GET", "POST"])
def delete(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Ask once, then delete."""
    found = _visible(request, pk)
    try:
        permissions.require(request.user, permissions.WORK, found.project.lab)
        if request.method == "GET":
            return render(request, "measurements/delete.html", {"measurement": found})
        services.delete(measurement=found, user=request.user)
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect(found)
    messages.success(request, f"“{found}” and its files were deleted.")
    return redirect(found.project)


def _form_of(found: Measurement) -> type[AnyForm]:
    if found.content == "events" or found.answers.get("content") == "events":
        return EventCorrectionForm
    return FrameCorrectionForm if found.holds_frames else CorrectionForm


def _page(
    request: HttpRequest,
    found: Measurement,
    form: AnyForm,
    status: int = 200,
) -> HttpResponse:
    shown = _shown(request, found)
    context = {
        "measurement": found,
        "gallery": None if found.holds_frames or found.holds_events else shown,
        "frames": shown if found.holds_frames else None,
        "events": shown if found.holds_events else None,
        "unread_events": found.content == "events" and not found.is_readable,
        "correcting": CORRECTING.get(type(form), "measurements/_correct.html"),
        "per_channel": queries.per_channel(found),
        "file_rows": queries.file_rows(found),
        "form": form,
        "runs": found.runs.order_by("-created"),
        "was_live": hasattr(found, "live") and not found.live.is_open,
        "may_run": any(recipe.takes(found.summary) for recipe in RECIPES.values()),
        "may_work": permissions.may(request.user, permissions.WORK, found.project.lab),
    }
    return render(request, "measurements/measurement.html", context, status=status)


def _shown(request: HttpRequest, found: Measurement) -> dict[str, Any] | None:
    """What the page draws of the newest revision; None where there is nothing to draw."""
    if not found.is_readable:
        return None
    try:
        if found.holds_events:
            return event_pages.context(found)
        return frame_pages.context(found) if found.holds_frames else gallery.config(found)
    except StoreError as missing:
        messages.error(request, f"{missing} Read the files again, and tell the operator.")
        return None


def _visible(request: HttpRequest, pk: UUID) -> Measurement:
    visible = queries.visible_measurements(request.user)
    return get_object_or_404(visible.select_related("project__lab", "uploaded_by", "live"), pk=pk)
