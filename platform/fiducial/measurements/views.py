"""Pages of projects and measurements."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from . import queries


@login_required
@require_GET
def projects(request: HttpRequest) -> HttpResponse:
    found = queries.visible_projects(request.user).select_related("lab").order_by("-created")
    return render(request, "measurements/projects.html", {"projects": found})


@login_required
@require_GET
def project(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(queries.visible_projects(request.user).select_related("lab"), pk=pk)
    return render(request, "measurements/project.html", {"project": found})


@login_required
@require_GET
def measurement(request: HttpRequest, pk: str) -> HttpResponse:
    visible = queries.visible_measurements(request.user).select_related("project__lab")
    found = get_object_or_404(visible, pk=pk)
    return render(request, "measurements/measurement.html", {"measurement": found})
