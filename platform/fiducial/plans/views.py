"""Plan a session: everything in the address, nothing kept, no account needed."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.http import require_GET

from workers.assessment.planning import plans

from . import measured
from .curve import curve
from .forms import PlanForm
from .showing import cards
from .words import verdict


@require_GET
def plan(request: HttpRequest) -> HttpResponse:
    """The form, and below it the three plans its answers lead to."""
    form = PlanForm(request.GET or None)
    context: dict[str, Any] = {"form": form, "pairs": measured.pairs()}
    if request.GET and form.is_valid():
        context |= _result(form) | {"query": request.GET.urlencode()}
    status = 422 if form.errors else 200
    return render(request, "plans/plan.html", context, status=status)


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """The plan as one printable file that needs nothing else."""
    form = PlanForm(request.GET)
    if not form.is_valid():
        return redirect(f"{reverse('plans:plan')}?{request.GET.urlencode()}")
    address = request.build_absolute_uri(f"{reverse('plans:plan')}?{request.GET.urlencode()}")
    html = render_to_string(
        "plans/page.html", _result(form) | {"form": form, "address": address, "saved": True}
    )
    headers = {"Content-Disposition": 'attachment; filename="session-plan.html"'}
    return HttpResponse(html, headers=headers)


def _result(form: PlanForm) -> dict[str, Any]:
    session = form.session
    ways = plans(session)
    return {
        "session": session,
        "verdict": verdict(session, ways),
        "cards": cards(ways),
        "curve": curve(session),
        "trust": measured.trust(),
    }
