"""Pressing Reveal, and the slow scan's tiles for those who pressed it."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_GET, require_POST

from fiducial.errors import Refused
from fiducial.runs.models import Run
from fiducial.runs.queries import visible_runs
from fiducial.viewer.views import tile_response
from workers.store import StoreError

from . import services


@login_required
@require_POST
def reveal(request: HttpRequest, pk: str) -> HttpResponse:
    """Take five marks ("channel,row,column") and show the score on the run's page."""
    run = _finished(request, pk)
    try:
        marks = [_mark(text) for text in request.POST.getlist("mark")]
        services.reveal(run=run, user=request.user, marks=marks)
    except Refused as refusal:
        messages.error(request, str(refusal))
    return redirect(f"{run.get_absolute_url()}#reveal")


@login_required
@require_GET
def slow_tile(
    request: HttpRequest, pk: str, channel: int, level: int, row: int, column: int
) -> HttpResponse:
    """A tile of the slow scan; it stays sealed for whoever has not pressed Reveal."""
    run = _finished(request, pk)
    sealed = services.slow_scan(run)
    if sealed is None or not run.reveals.filter(user=request.user).exists():
        raise Http404
    try:
        store = services.slow_store(sealed)
    except StoreError as missing:
        raise Http404 from missing
    return tile_response(request, store, "measured", channel, level, row, column)


def _finished(request: HttpRequest, pk: str) -> Run:
    succeeded = visible_runs(request.user).filter(state=Run.State.SUCCEEDED)
    return get_object_or_404(succeeded, pk=pk)


def _mark(text: str) -> services.Mark:
    try:
        channel, y, x = text.split(",")
        return int(channel), float(y), float(x)
    except ValueError as wrong:
        raise Refused(f"“{text}” is no mark; write channel,row,column.") from wrong
