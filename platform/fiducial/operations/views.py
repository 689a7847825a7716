"""What machines ask of the portal, and what a lab used."""

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_safe
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4

from . import health
from . import metrics as figures
from . import usage as usages


@never_cache
@require_safe
def live(request: HttpRequest) -> JsonResponse:
    """This process answers; says nothing of what it needs."""
    return JsonResponse({"alive": True})


@never_cache
@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """Whether database, broker, store and disk are as they must be; 503 names what is not."""
    wrong = health.problems()
    return JsonResponse({"ready": not wrong, "problems": wrong}, status=503 if wrong else 200)


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Figures for Prometheus, for whoever holds FIDUCIAL_METRICS_TOKEN; without one, no page."""
    if not settings.METRICS_TOKEN:
        raise Http404
    said = request.headers.get("Authorization", "")
    if not constant_time_compare(said, f"Bearer {settings.METRICS_TOKEN}"):
        return HttpResponse(status=401, headers={"WWW-Authenticate": "Bearer"})
    return HttpResponse(figures.exposition(), content_type=CONTENT_TYPE_PLAIN_0_0_4)


@login_required
@require_GET
def usage(request: HttpRequest, pk: int) -> HttpResponse:
    """What a lab used, month by month, as CSV for its owners and for operators."""
    lab = get_object_or_404(usages.accounted_labs(request.user), pk=pk)
    disposition = f'attachment; filename="usage-{lab.pk}.csv"'
    return HttpResponse(
        usages.table(usages.monthly(lab)),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": disposition},
    )
