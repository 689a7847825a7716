"""Freezing a run, the page of a report, its files, and checking its seal."""

from pathlib import Path

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.text import slugify
from django.views.decorators.http import require_GET, require_POST

from fiducial.errors import Refused
from fiducial.runs.queries import visible_runs
from fiducial.viewer import export, stores
from fiducial.viewer.views import attachment
from workers.store import StoreError, content_hash

from . import document, sealing, services
from .models import Report
from .queries import reports_of, visible_reports


@login_required
@require_POST
def freeze(request: HttpRequest, pk: str) -> HttpResponse:
    """Freeze a run and go to its new report."""
    run = get_object_or_404(visible_runs(request.user), pk=pk)
    try:
        made = services.freeze(run=run, by=request.user, title=request.POST.get("title", ""))
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("runs:run", pk=run.pk)
    return redirect("reports:report", pk=made.pk)


@login_required
@require_GET
def report(request: HttpRequest, pk: str) -> HttpResponse:
    """The frozen document inside the portal, with what checking its seal found just now."""
    found = _visible(request, pk)
    folder = services.folder(found)
    broken = sealing.broken(folder, found.content_hash)
    page = folder / "report.html"
    return render(
        request,
        "reports/report.html",
        {
            "report": found,
            "broken": broken,
            "body": document.body(page.read_text(encoding="utf-8")) if page.is_file() else "",
            "has_pdf": (folder / "report.pdf").is_file(),
            "versions": reports_of(found.run),
        },
    )


@login_required
@require_GET
def check_run(request: HttpRequest, pk: str) -> HttpResponse:
    """Recompute the hash of the run behind a report (a partial for HTMX)."""
    found = _visible(request, pk)
    try:
        now = content_hash(stores.of_run(found.run).path)
    except StoreError:
        now = ""
    sealed = sealing.manifest(services.folder(found)).get("run", {}).get("content_hash")
    return render(request, "reports/_checked.html", {"now": now, "sealed": sealed})


@login_required
@require_GET
def download(request: HttpRequest, pk: str) -> StreamingHttpResponse:
    """The whole report as a zip that can be checked offline."""
    found = _visible(request, pk)
    name = f"{_name(found)}-{found.content_hash[:12]}"
    return attachment(export.folder(_folder(found), name), f"{name}.zip")


@login_required
@require_GET
def printed(request: HttpRequest, pk: str) -> FileResponse:
    """The PDF, where there is one."""
    found = _visible(request, pk)
    file = _folder(found) / "report.pdf"
    if not file.is_file():
        raise Http404("This report has no PDF.")
    return FileResponse(file.open("rb"), filename=f"{_name(found)}.pdf")


def _visible(request: HttpRequest, pk: str) -> Report:
    return get_object_or_404(visible_reports(request.user), pk=pk)


def _folder(report: Report) -> Path:
    folder = services.folder(report)
    if not folder.is_dir():
        raise Http404("The report's files are gone.")
    return folder


def _name(report: Report) -> str:
    return f"{slugify(report.title) or 'report'}-v{report.version}"
