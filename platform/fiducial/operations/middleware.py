"""What is noted of every request: its id, who asked, for what, and how long the answer took."""

import logging
import re
import uuid
from collections.abc import Callable
from time import perf_counter
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from workers.store import Unreachable

from . import counting, logs

HEADER = "X-Request-ID"
_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
_HARMLESS = re.compile(r"[A-Za-z0-9._-]{1,64}")

log = logging.getLogger(__name__)


def store_away(get_response: Callable[[HttpRequest], HttpResponse]) -> Any:
    """Middleware: a page whose arrays lie in a bucket that does not answer says so (503)."""

    def answer(request: HttpRequest) -> HttpResponse:
        return get_response(request)

    def worded(request: HttpRequest, failure: Exception) -> HttpResponse | None:
        if not isinstance(failure, Unreachable):
            return None
        log.warning("%s", failure, exc_info=failure)
        answer = render(request, "503.html", {"sentence": failure}, status=503)
        answer["Retry-After"] = "60"
        return answer

    answer.process_exception = worded  # type: ignore[attr-defined]
    return answer


class Noted:
    """Takes the request's id from a proxy, or makes one; hands it back and logs one line."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get(HEADER, "")
        token = logs.request_id.set(given if _HARMLESS.fullmatch(given) else uuid.uuid4().hex)
        began = perf_counter()
        try:
            response = self._get_response(request)
            response[HEADER] = logs.request_id.get()
            _note(request, response, perf_counter() - began)
        finally:
            logs.request_id.reset(token)
        return response


def _note(request: HttpRequest, response: HttpResponse, seconds: float) -> None:
    route = logs.route(request)
    counting.observe(_method(request), route, response.status_code, seconds)
    facts = {
        "method": _method(request),
        "route": route,
        "of": _numbers(request),
        "status": response.status_code,
        "ms": round(1000 * seconds, 1),
        "user": _person(request),
    }
    log.info(
        "%s %s: %s", _method(request), route, response.status_code, extra={"facts": _said(facts)}
    )


def _method(request: HttpRequest) -> str:
    """Its method; one word for all that nobody has heard of, so that they fill no memory."""
    return request.method if request.method in _METHODS else "other"


def _numbers(request: HttpRequest) -> dict[str, str]:
    """Which thing was asked for. Text in an address may be a secret; numbers and ids are not."""
    match = request.resolver_match
    named = match.captured_kwargs if match else {}
    return {key: str(value) for key, value in named.items() if isinstance(value, int | uuid.UUID)}


def _person(request: HttpRequest) -> int | None:
    """Whose request it was, where a page wanted to know: asking here would cost a query."""
    return getattr(getattr(request, "_cached_user", None), "pk", None)


def _said(facts: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in facts.items() if value not in (None, {})}
