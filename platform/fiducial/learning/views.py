"""Pages of taught networks: the models of a lab, one model, and what is done with them."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from fiducial.accounts import permissions
from fiducial.accounts.queries import visible_labs
from fiducial.errors import Refused
from fiducial.runs import describing
from fiducial.runs.queries import visible_runs
from workers.recipes.teach import CURVE

from . import pages, queries, services
from .models import TaughtModel


@login_required
@require_GET
def lab(request: HttpRequest, pk: int) -> HttpResponse:
    """The models of one lab."""
    found = get_object_or_404(visible_labs(request.user), pk=pk)
    return render(request, "learning/lab.html", {"lab": found, "models": queries.models_of(found)})


@login_required
@require_GET
def model(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The card of one model."""
    found = _model(request, pk)
    weights, digest = found.weights
    context = {
        "model": found,
        "rows": pages.rows(found.card),
        "digest": digest,
        "base": found.card["base"]["regression"][weights],
        "may_manage": permissions.may(request.user, permissions.MANAGE, found.lab),
    }
    return render(request, "learning/model.html", context)


@login_required
@require_GET
def model_curve(request: HttpRequest, pk: UUID) -> JsonResponse:
    """The learning curve of a model, as a figure."""
    lines = (_model(request, pk).folder / CURVE).read_text().splitlines()
    return JsonResponse(pages.figure(lines))


@login_required
@require_GET
def curve(request: HttpRequest, pk: UUID) -> JsonResponse:
    """The learning curve of a lesson, as a figure; it grows while the lesson is under way."""
    run = get_object_or_404(visible_runs(request.user), pk=pk)
    if not describing.teaches(run):
        raise Http404("This run teaches no network.")
    return JsonResponse(pages.figure(pages.lines_of(run)))


@login_required
@require_POST
def keep(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Keep what a lesson taught as a model of the lab."""
    run = get_object_or_404(visible_runs(request.user), pk=pk)
    try:
        return redirect(services.keep(run=run, by=request.user, name=request.POST.get("name", "")))
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect(run)


@login_required
@require_POST
def promote(request: HttpRequest, pk: UUID) -> HttpResponse:
    return _moved(request, pk, services.promote)


@login_required
@require_POST
def retire(request: HttpRequest, pk: UUID) -> HttpResponse:
    return _moved(request, pk, services.retire)


def _moved(request: HttpRequest, pk: UUID, move: services.Move) -> HttpResponse:
    found = _model(request, pk)
    try:
        move(model=found, by=request.user)
    except Refused as refusal:
        messages.error(request, str(refusal))
    return redirect(found)


def _model(request: HttpRequest, pk: UUID) -> TaughtModel:
    return get_object_or_404(queries.visible_models(request.user), pk=pk)
