"""The page of what happened."""

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from fiducial.accounts import permissions
from fiducial.review.blinding import hidden_from

from . import queries

PER_PAGE = 50


@login_required
@require_GET
def trail(request: HttpRequest) -> HttpResponse:
    """What happened in the labs this person manages, and among operators for an operator."""
    found = queries.visible_entries(request.user)
    searched = request.GET.get("q", "").strip()
    if searched:
        found = queries.named(found, searched)
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "searched": searched,
        "blind": hidden_from(request.user).exists(),
        "operates": permissions.may_operate(request.user),
    }
    return render(request, "trail/trail.html", context)
