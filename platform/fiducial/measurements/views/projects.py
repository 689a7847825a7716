"""Pages of projects: the list, one project, and uploading into it."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from fiducial.accounts import permissions, preview
from fiducial.accounts.queries import seen_by
from fiducial.errors import Refused
from fiducial.runs.allotments import quota

from .. import queries, services
from ..forms import ProjectForm
from ..models import Project


@login_required
@require_http_methods(["GET", "POST"])
def projects(request: HttpRequest) -> HttpResponse:
    """The projects of my labs, and opening one."""
    form = ProjectForm(request.user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            return redirect(services.create_project(user=request.user, **form.cleaned_data))
        except Refused as refusal:
            form.add_error("name", str(refusal))
    context = {"projects": queries.project_list(request.user), "form": form}
    return render(request, "measurements/projects.html", context)


@login_required
@require_GET
def project(request: HttpRequest, pk: int) -> HttpResponse:
    """One project: its measurements and what was run on them."""
    found = _visible(request, pk)
    context = {
        "project": found,
        "measurements": queries.measurement_list(found),
        "may_work": permissions.may(request.user, permissions.WORK, found.lab),
        "lab": found.lab,
        "seen_by": seen_by(found.lab),
        "preview_roles": preview.OFFERED,
    }
    return render(request, "measurements/project.html", context)


@login_required
@require_GET
def upload(request: HttpRequest, pk: int) -> HttpResponse:
    """The page that takes files; what it sends goes through `views.uploads`."""
    found = _visible(request, pk)
    try:
        permissions.require(request.user, permissions.WORK, found.lab)
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect(found)
    context = {
        "project": found,
        "room": quota(found.lab).room,
        "unfinished": queries.unfinished_uploads(found, request.user),
        "max_bytes": settings.UPLOAD_MAX_BYTES,
        "max_files": settings.UPLOAD_MAX_FILES,
    }
    return render(request, "measurements/upload.html", context)


def _visible(request: HttpRequest, pk: int) -> Project:
    visible = queries.visible_projects(request.user).select_related("lab")
    return get_object_or_404(visible, pk=pk)
