"""`Idempotency-Key`: a request that is sent again, because its answer was lost, is not done again.

A claim on the key is made before the work and becomes the answer after it; who finds the claim of
somebody else is told to wait. A refusal changed nothing, so it frees the key.
"""

import functools
import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja.decorators import decorate_view
from ninja.operation import Operation
from ninja.utils import contribute_operation_callback

from fiducial.errors import Refused

from .models import KeptAnswer

KEPT = timedelta(hours=24)
LONGEST = timedelta(minutes=10)  # a claim that is older belongs to a process that died
HEADER = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 200},
    "description": "Sent again within a day with the same body, the request is answered the same.",
}
View = Callable[..., Any]


class KeyReused(Refused):
    """The key came with another body before."""


class StillServed(Refused):
    """The first request with this key has no answer yet."""


def repeatable(view: View) -> View:
    """Have a route that makes something honour the key of its caller."""

    @functools.wraps(view)
    def once(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        key = request.headers.get("Idempotency-Key")
        if key is None:
            return view(request, *args, **kwargs)
        kept, new = _claim(request, key)
        if not new:
            return HttpResponse(kept.answer, status=kept.status, content_type="application/json")
        request.kept_answer = kept
        return view(request, *args, **kwargs)

    contribute_operation_callback(once, _document)
    decorated: View = decorate_view(_settled)(once)
    return decorated


def _claim(request: HttpRequest, key: str) -> tuple[KeptAnswer, bool]:
    if not 1 <= len(key) <= 200:
        raise Refused("An Idempotency-Key has 1 to 200 characters.")
    now = timezone.now()
    over = Q(created__lt=now - KEPT) | Q(status=None, created__lt=now - LONGEST)
    KeptAnswer.objects.filter(over).delete()
    body_hash = hashlib.sha256(request.body).hexdigest()
    kept, new = KeptAnswer.objects.get_or_create(
        user=request.user, route=request.path[:200], key=key, defaults={"body_hash": body_hash}
    )
    if kept.body_hash != body_hash:
        raise KeyReused("This Idempotency-Key came with another body before; take a new key.")
    if not new and kept.status is None:
        raise StillServed("The first request with this Idempotency-Key is still being served.")
    return kept, new


def _settled(run: View) -> View:
    """Keep what the route answers under the claim it made, or give the claim up."""

    def settled(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = None
        try:
            response = run(request, *args, **kwargs)
        finally:
            _settle(request, response)
        return response

    return settled


def _settle(request: HttpRequest, response: HttpResponse | None) -> None:
    kept: KeptAnswer | None = getattr(request, "kept_answer", None)
    if kept is None:
        return
    if response is None or response.status_code >= 300:
        kept.delete()
        return
    kept.status, kept.answer = response.status_code, response.content.decode()
    kept.save(update_fields=["status", "answer"])


def _document(operation: Operation) -> None:
    operation.openapi_extra = {"parameters": [HEADER]}
