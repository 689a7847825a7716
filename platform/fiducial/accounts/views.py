"""The front page, a person's own page, their labs, and the door a one-time link opens."""

from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from fiducial.errors import Refused

from . import queries, services


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    return render(request, "accounts/front.html")


@require_GET
def plan(request: HttpRequest) -> HttpResponse:
    return render(request, "accounts/plan.html")


@login_required
@require_GET
def account(request: HttpRequest) -> HttpResponse:
    memberships = queries.memberships_of(request.user)
    return render(request, "accounts/account.html", {"memberships": memberships})


@never_cache
@require_GET
def one_time(request: HttpRequest, token: str) -> HttpResponse:
    """Sign in the person a one-time link was made for; the link is spent by this."""
    try:
        link = services.use_one_time_link(token=token)
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("account_login")
    login(request, link.user, backend="django.contrib.auth.backends.ModelBackend")
    return redirect(link.next_url)
