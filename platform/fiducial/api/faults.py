"""Every fault is answered as problem details (RFC 9457): a kind, a title, a sentence that helps."""

import json
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, NamedTuple

from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from fiducial.accounts.permissions import NotAllowed
from fiducial.errors import Refused
from fiducial.live.errors import Closed
from fiducial.measurements.errors import (
    DiskFull,
    Duplicate,
    HashMismatch,
    Incomplete,
    OverQuota,
    TooLarge,
)
from fiducial.runs.services import BadParameters
from workers.store import StoreError, Unreachable

from .auth import BadToken
from .pace import TooFast
from .repeating import KeyReused, StillServed

MEDIA_TYPE = "application/problem+json"


class Kind(NamedTuple):
    """What sort of fault: its status, its name in `type`, and its title."""

    status: int
    name: str
    title: str


KINDS: dict[type[Exception], Kind] = {
    NotAllowed: Kind(403, "not-allowed", "Your role does not allow this"),
    Incomplete: Kind(409, "incomplete", "Parts are missing"),
    Closed: Kind(409, "closed", "No more frames are taken"),
    Duplicate: Kind(409, "duplicate", "These files are here already"),
    StillServed: Kind(409, "still-served", "The first request is still being served"),
    TooLarge: Kind(413, "too-large", "More than the portal takes"),
    BadParameters: Kind(422, "bad-parameters", "The recipe cannot take these values"),
    HashMismatch: Kind(422, "damaged", "A part arrived damaged"),
    KeyReused: Kind(422, "key-reused", "The key belongs to another request"),
    TooFast: Kind(429, "too-fast", "Too many requests"),
    DiskFull: Kind(507, "disk-full", "The server's disk is full"),
    OverQuota: Kind(507, "over-quota", "The lab has used its room in the store"),
    Refused: Kind(400, "refused", "This cannot be done"),
    Unreachable: Kind(503, "store-away", "The store does not answer"),
    StoreError: Kind(410, "gone", "Files are gone"),
    Http404: Kind(404, "missing", "Not here"),
    BadToken: Kind(401, "bad-token", "The token is not valid"),
    AuthenticationError: Kind(401, "signed-out", "Signed out"),
    ValidationError: Kind(422, "invalid", "The request is not as described"),
}
MISSING = "There is no such thing here, or you may not see it."
SIGNED_OUT = "You are signed out. Sign in and try again."
BAD_TOKEN = (
    "This token is not known here, was revoked or has run out. Make a new one on your account page."
)
NO_CSRF = "The CSRF token is missing or wrong: send the cookie's value as X-CSRFToken."
BROKEN = "Something broke on the server. Try again; tell the operator if it stays."


def problem(kind: Kind, sentence: str, **more: Any) -> HttpResponse:
    """The answer to a fault; `more` are members that a program may use besides the sentence."""
    body = {
        "type": f"urn:fiducial:problem:{kind.name}",
        "title": kind.title,
        "status": kind.status,
        "detail": sentence,
        **more,
    }
    headers = {"WWW-Authenticate": "Bearer"} if kind.status == 401 else None
    return HttpResponse(
        json.dumps(body, ensure_ascii=False),
        status=kind.status,
        content_type=MEDIA_TYPE,
        headers=headers,
    )


def install(api: NinjaAPI) -> None:
    """Have `api` word every fault of a route."""

    @api.exception_handler(Refused)
    def refused(request: HttpRequest, refusal: Refused) -> HttpResponse:
        kind = next(KINDS[one] for one in type(refusal).__mro__ if one in KINDS)
        response = problem(kind, str(refusal), **_more(refusal))
        if isinstance(refusal, TooFast):
            response["Retry-After"] = str(refusal.seconds)
        return response

    @api.exception_handler(Http404)
    def missing(request: HttpRequest, error: Http404) -> HttpResponse:
        return problem(KINDS[Http404], MISSING)

    @api.exception_handler(StoreError)
    def gone(request: HttpRequest, error: StoreError) -> HttpResponse:
        return problem(KINDS[StoreError], f"{error} Tell the operator.")

    @api.exception_handler(Unreachable)
    def away(request: HttpRequest, error: Unreachable) -> HttpResponse:
        return problem(KINDS[Unreachable], f"{error} Try again in a minute.")

    @api.exception_handler(AuthenticationError)
    def signed_out(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
        bad = isinstance(error, BadToken)
        return problem(KINDS[type(error)], BAD_TOKEN if bad else SIGNED_OUT)

    @api.exception_handler(ValidationError)
    def invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
        errors = [{"parameter": _where(one["loc"]), "detail": one["msg"]} for one in error.errors]
        first = errors[0]
        sentence = f"{first['parameter'] or 'The request'}: {first['detail']}."
        return problem(KINDS[ValidationError], sentence, errors=errors)

    @api.exception_handler(HttpError)
    def stated(request: HttpRequest, error: HttpError) -> HttpResponse:
        # Ninja has one sentence for all that a parser says; the parser's own is the better one.
        said = error.__cause__ if isinstance(error.__cause__, HttpError) else error
        sentence = NO_CSRF if error.status_code == 403 else str(said)
        return problem(_of_status(error.status_code), sentence)


def worded(get_response: Callable[[HttpRequest], HttpResponse]) -> Any:
    """Middleware: below /api/, what no route answered (paths, methods, crashes) is worded, too."""

    def answer(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        said = response.headers.get("Content-Type") == MEDIA_TYPE
        if response.status_code < 400 or said or not request.path.startswith("/api/"):
            return response
        kind = _of_status(response.status_code)
        sentence = {
            404: f"There is no address {request.path}; openapi.json lists those there are.",
            405: f"{request.path} does not know {request.method}.",
            500: BROKEN,
        }.get(kind.status, f"{kind.title}.")
        told = problem(kind, sentence)
        if "Allow" in response:
            told["Allow"] = response["Allow"]
        return told

    return answer


def _of_status(status: int) -> Kind:
    phrase = HTTPStatus(status).phrase
    return Kind(status, phrase.lower().replace(" ", "-"), phrase)


def _where(loc: tuple[Any, ...]) -> str:
    return ".".join(str(part) for part in loc[1:] if part != "data")


def _more(refusal: Refused) -> dict[str, Any]:
    """What a program may want to know of a refusal."""
    if isinstance(refusal, BadParameters):
        errors = [{"parameter": name, "detail": why} for name, why in refusal.errors.items()]
        return {"errors": errors}
    if isinstance(refusal, Duplicate):
        return {"existing": str(refusal.existing.pk)}
    return {}
