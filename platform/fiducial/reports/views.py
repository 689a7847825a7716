"""Freezing a run, the page of a report, its files, and checking its seal."""

from pathlib import Path
from typing import Any

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
    context = frozen(found) | {"versions": reports_of(found.run)}
    return render(request, "reports/report.html", context)


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
    return zipped(_visible(request, pk))


@login_required
@require_GET
def printed(request: HttpRequest, pk: str) -> FileResponse:
    """The PDF, where there is one."""
    return pdf_of(_visible(request, pk))


def frozen(report: Report) -> dict[str, Any]:
    """What a page needs to show a report and what checking its seal finds just now."""
    folder = services.folder(report)
    page = folder / "report.html"
    return {
        "report": report,
        "broken": sealing.broken(folder, report.content_hash),
        "body": document.body(page.read_text(encoding="utf-8")) if page.is_file() else "",
        "has_pdf": (folder / "report.pdf").is_file(),
    }


def zipped(report: Report) -> StreamingHttpResponse:
    """All files of a report; 404 where they are gone."""
    name = f"{file_name(report)}-{report.content_hash[:12]}"
    return attachment(export.folder(folder_of(report), name), f"{name}.zip")


def pdf_of(report: Report) -> FileResponse:
    """The printed report; 404 where there is none."""
    file = folder_of(report) / "report.pdf"
    if not file.is_file():
        raise Http404("This report has no PDF.")
    return FileResponse(file.open("rb"), filename=f"{file_name(report)}.pdf")


def _visible(request: HttpRequest, pk: str) -> Report:
    return get_object_or_404(visible_reports(request.user), pk=pk)


def folder_of(report: Report) -> Path:
    """Where the files of a report lie; 404 where they are gone."""
    folder = services.folder(report)
    if not folder.is_dir():
        raise Http404("The report's files are gone.")
    return folder


def file_name(report: Report) -> str:
    """What a download of a report is called, without its ending."""
    return f"{slugify(report.title) or 'report'}-v{report.version}"
