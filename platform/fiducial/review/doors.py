"""How a visitor comes to a report: by an account in its lab, or by a link."""

from collections.abc import Callable
from functools import wraps

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.cache import never_cache

from fiducial.reports.queries import visible_reports

from . import queries, services
from .visitors import Visitor

View = Callable[..., HttpResponse]


def by_account(view: View) -> View:
    """`view(request, visitor, …)` for people of the report's lab; others get 404."""

    @wraps(view)
    def opened(request: HttpRequest, pk: str, **more: object) -> HttpResponse:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        report = get_object_or_404(visible_reports(request.user), pk=pk)
        return view(request, Visitor(report, user=request.user), **more)

    return opened


def by_link(view: View) -> View:
    """`view(request, visitor, …)` for the holder of a link: 404 for none, 410 for a closed one."""

    @never_cache
    @wraps(view)
    def opened(request: HttpRequest, token: str, **more: object) -> HttpResponse:
        link = queries.link_of(token)
        if link is None:
            raise Http404("There is no such link.")
        if not link.is_open(timezone.now()):
            return render(request, "review/closed.html", {"link": link}, status=410)
        visitor = Visitor(link.report, link=link, token=token)
        if request.method == "GET":
            services.note_opening(visitor=visitor)
        answer = view(request, visitor, **more)
        # The address is the key: no search engine may keep it. (No other site is told it either:
        # the portal's Referrer-Policy is same-origin.)
        answer["X-Robots-Tag"] = "noindex, nofollow"
        return answer

    return opened
