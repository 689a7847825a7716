"""The page of a map's audit windows: where they lie, bringing their rescan, what came of it."""

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.text import slugify
from django.views.decorators.http import require_GET, require_POST

from fiducial.accounts import permissions
from fiducial.errors import Refused
from fiducial.measurements.models import Measurement
from fiducial.measurements.queries import visible_measurements
from fiducial.measurements.views.uploads import announced, answers_json, described
from fiducial.runs.models import Run
from fiducial.runs.queries import visible_runs

from . import pages, queries, services, stage_list


@login_required
@require_GET
def windows(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Where the audit windows of a map lie, what was rescanned, and what came of it."""
    found = _map(request, pk)
    may_work = permissions.may(request.user, permissions.WORK, found.project.lab)
    context = pages.of_map(found) | _limits() | {"may_work": may_work}
    return render(request, "audits/windows.html", context)


@login_required
@require_GET
def offer(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The part of a map's page that offers its windows, asked for until they are drawn."""
    return render(request, "audits/_offer.html", queries.offer(_map(request, pk)))


@login_required
@require_GET
def progress(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What came of the rescans of a map, asked for while something moves."""
    return render(request, "audits/_rescans.html", pages.of_map(_map(request, pk)))


@login_required
@require_GET
def claim(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What the audit windows say of a run, asked for while it is being judged."""
    run = get_object_or_404(visible_runs(request.user), pk=pk, state=Run.State.SUCCEEDED)
    return render(request, "audits/_claim.html", pages.of_run(run, request.user))


@login_required
@require_GET
def stages(request: HttpRequest, pk: int) -> HttpResponse:
    """A placement's stage list as CSV; `?factor=` says how much finer the rescan is."""
    placement = get_object_or_404(queries.visible_placements(request.user), pk=pk)
    factor = request.GET.get("factor", str(stage_list.usual_factor(placement)))
    if factor not in map(str, stage_list.FACTORS) or not placement.windows:
        raise Http404("There is no such stage list.")
    name = f"{slugify(placement.measurement.name) or 'map'}-{placement.kind}-windows-x{factor}.csv"
    return HttpResponse(
        stage_list.text(placement, int(factor)),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@login_required
@require_POST
def choose(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Place windows where a run expects most false features."""
    run = get_object_or_404(visible_runs(request.user), pk=pk)
    try:
        count = int(request.POST.get("count", ""))
    except ValueError:
        count = 0
    try:
        services.choose(run=run, user=request.user, count=count)
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect(run)
    return redirect(reverse("audits:windows", args=[run.measurement_id]) + "#chosen")


@login_required
@require_GET
def bring(request: HttpRequest, pk: int) -> HttpResponse:
    """The page that takes the rescan of chosen windows; what it sends goes through `announce`."""
    placements = queries.visible_placements(request.user, permissions.WORK)
    context = {"placement": get_object_or_404(placements, pk=pk), **_limits()}
    return render(request, "audits/bring.html", context)


@require_POST
@answers_json
def announce(request: HttpRequest, pk: int) -> HttpResponse:
    """Announce the files of rescanned windows; they are then sent as those of any upload are."""
    placement = get_object_or_404(queries.visible_placements(request.user), pk=pk)
    name, files = announced(request)
    upload, new = services.announce(placement=placement, user=request.user, name=name, files=files)
    answer = described(upload, files)
    answer["complete_url"] = reverse("audits:complete", args=[upload.rescan.pk])
    return JsonResponse(answer, status=201 if new else 200)


@require_POST
@answers_json
def complete(request: HttpRequest, pk: int) -> HttpResponse:
    """Close the upload of rescanned windows and go back to the page of their map."""
    rescan = get_object_or_404(queries.visible_rescans(request.user), pk=pk)
    done = services.complete(user=request.user, rescan=rescan)
    page = reverse("audits:windows", args=[rescan.placement.measurement_id])
    return JsonResponse({"state": done.state, "page": page})


def _limits() -> dict[str, int]:
    """What the upload form is told."""
    return {"max_bytes": settings.UPLOAD_MAX_BYTES, "max_files": settings.UPLOAD_MAX_FILES}


def _map(request: HttpRequest, pk: UUID) -> Measurement:
    visible = visible_measurements(request.user).select_related("project__lab")
    return get_object_or_404(queries.with_windows(visible), pk=pk)
