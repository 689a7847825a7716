"""The page of operators; for everybody else there is no such page."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from fiducial.accounts import permissions
from fiducial.accounts.models import Lab
from fiducial.errors import Refused
from fiducial.runs.models import Run

from . import queries, services
from .forms import AllotForm, MoveForm, OrderForm, Reasoned

View = Callable[..., HttpResponse]
ACTIONS: dict[str, tuple[Callable[..., None], type[Reasoned], str]] = {
    "move": (services.move, MoveForm, "The run was moved to the other lane."),
    "front": (services.to_front, Reasoned, "The run is next now."),
    "cancel": (services.cancel, Reasoned, "The run was cancelled."),
    "requeue": (services.requeue, Reasoned, "The run waits again."),
}


def for_operators(view: View) -> View:
    """Answer 404 to whoever does not operate the portal."""

    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not permissions.may_operate(request.user):
            raise Http404
        return view(request, *args, **kwargs)

    return login_required(checked)


@for_operators
@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """Lanes, workers, runs, shares, failures and room, with what can be changed."""
    runs, more = queries.active()
    context = _moving() | {
        "runs": runs,
        "more": more,
        "ended": queries.ended(),
        "shares": queries.shares(),
        "failing": queries.failing(),
        "disk": queries.disk(),
        "lane_names": Run.Lane.values,
    }
    return render(request, "operate/page.html", context)


@for_operators
@require_GET
def state(request: HttpRequest) -> HttpResponse:
    """Lanes and workers alone, asked for every five seconds; forms are left as they are."""
    return render(request, "operate/_state.html", _moving())


@for_operators
@require_POST
def change_run(request: HttpRequest, pk: UUID, action: str) -> HttpResponse:
    """Move, cancel or queue a run again."""
    if action not in ACTIONS:
        raise Http404
    change, form, said = ACTIONS[action]
    run = get_object_or_404(queries.runs(), pk=pk)
    return _done(request, form(request.POST), lambda values: change(run=run, **values), said)


@for_operators
@require_POST
def order_worker(request: HttpRequest) -> HttpResponse:
    """Drain, pause or resume a worker."""
    said = "The worker takes no run against this order, and obeys fully at its next heartbeat."
    return _done(request, OrderForm(request.POST), lambda values: services.order(**values), said)


@for_operators
@require_http_methods(["GET", "POST"])
def allot(request: HttpRequest, pk: int) -> HttpResponse:
    """A lab's share, quotas and beam time."""
    lab = get_object_or_404(Lab.objects.select_related("allotment"), pk=pk)
    if request.method == "POST":
        form = AllotForm(request.POST)
        said = f"What is allotted to {lab} was changed."
        return _done(request, form, lambda values: services.allot(lab=lab, **values), said)
    return render(request, "operate/lab.html", queries.allotted(lab))


def _moving() -> dict[str, Any]:
    workers = queries.workers()
    return {"workers": workers, "lanes": queries.lanes(workers)}


def _done(
    request: HttpRequest, form: forms.Form, change: Callable[[dict[str, Any]], Any], said: str
) -> HttpResponse:
    """Do what the form asks, or say why not; back to the page either way."""
    if not form.is_valid():
        faults = [f"{name}: {error}" for name, errors in form.errors.items() for error in errors]
        messages.error(request, "Nothing was changed. " + " ".join(faults))
        return redirect("operate:page")
    try:
        change({**form.cleaned_data, "by": request.user})
        messages.success(request, said)
    except Refused as refusal:
        messages.error(request, str(refusal))
    return redirect("operate:page")
