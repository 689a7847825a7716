"""What machines ask of the portal."""

from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from . import health


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
