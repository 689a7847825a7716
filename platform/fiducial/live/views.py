"""Pages of a scan while its frames arrive: opening it, watching it grow, closing it."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from fiducial.accounts import permissions
from fiducial.errors import Refused
from fiducial.measurements.queries import visible_projects
from fiducial.viewer.finders import NAME as PLOTLY

from . import figures, queries, services
from .forms import OpenForm
from .models import LiveScan


@login_required
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what will come, and open a scan for it."""
    visible = visible_projects(request.user).select_related("lab")
    project = get_object_or_404(visible, pk=pk)
    try:
        permissions.require(request.user, permissions.WORK, project.lab)
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect(project)
    sent = (request.POST, request.FILES) if request.method == "POST" else ()
    form = OpenForm(project, *sent)
    if form.is_valid():
        try:
            opened = services.open_scan(project=project, user=request.user, asked=form.opening())
            return redirect("live:scan", opened.measurement_id)
        except Refused as refusal:
            form.add_error(None, str(refusal))
    context = {"project": project, "form": form, "silence": settings.LIVE_SILENCE_SECONDS / 60}
    return render(request, "live/new.html", context, status=422 if form.errors else 200)


@login_required
@require_GET
def scan(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One scan: what arrived, what is missing, and the object as far as it has grown."""
    found = _visible(request, pk)
    context = _moving(request, found) | {
        "frames_address": request.build_absolute_uri(reverse("api-1:send_frames", args=[pk])),
        "portal": request.build_absolute_uri("/"),
        "frames_at_once": settings.LIVE_FRAMES_AT_ONCE,
        "config": {
            "picture": reverse("live:picture", args=[pk]),
            "plotly": static(PLOTLY),
        },
    }
    context["config"]["moves"] = context["moves"]
    return render(request, "live/scan.html", context)


@login_required
@require_GET
def progress(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The moving part of the page, asked for every two seconds while frames or pictures come."""
    moving = _moving(request, _visible(request, pk))
    if not moving["moves"]:
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    return render(request, "live/_progress.html", moving)


@login_required
@require_GET
def picture(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Amplitude and phase so far as figures (JSON); 204 while there is nothing to show, and what
    a browser has already is not sent again.
    """
    run = _visible(request, pk).run
    tag = quote_etag(queries.mark(run))
    answer = get_conditional_response(request, etag=tag)
    if answer is None:
        seen = queries.shown(run)
        answer = JsonResponse(figures.figures(seen)) if seen else HttpResponse(status=204)
    answer["ETag"], answer["Cache-Control"] = tag, "private, no-cache"
    return answer


@login_required
@require_POST
def close(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Take no more frames; the scan becomes a measurement like any other."""
    found = _visible(request, pk)
    try:
        services.close(scan=found, user=request.user)
    except Refused as refusal:
        messages.error(request, str(refusal))
    return redirect("live:scan", pk)


@login_required
@require_POST
def preview(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Start the preview (again)."""
    try:
        services.preview(scan=_visible(request, pk), by=request.user)
    except Refused as refusal:
        messages.error(request, str(refusal))
    return redirect("live:scan", pk)


def _visible(request: HttpRequest, pk: UUID) -> LiveScan:
    return get_object_or_404(queries.visible_scans(request.user), measurement=pk)


def _moving(request: HttpRequest, found: LiveScan) -> dict[str, Any]:
    """What changes while frames arrive."""
    standing = queries.standing(found)
    run = standing.run
    lab = found.measurement.project.lab
    return {
        "scan": found,
        "measurement": found.measurement,
        "standing": standing,
        "run": run,
        "moves": found.is_open or (run is not None and not run.is_final),
        "may_work": permissions.may(request.user, permissions.WORK, lab),
    }
