"""Every fault answers with a status and `{"detail": sentence}`."""

from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from fiducial.accounts.permissions import NotAllowed
from fiducial.errors import Refused
from fiducial.measurements.errors import DiskFull, Duplicate, HashMismatch, Incomplete, TooLarge
from fiducial.runs.services import BadParameters

from .auth import BadToken

STATUS: dict[type[Refused], int] = {
    NotAllowed: 403,
    Incomplete: 409,
    Duplicate: 409,
    TooLarge: 413,
    BadParameters: 422,
    HashMismatch: 422,
    DiskFull: 507,
    Refused: 400,
}


def install(api: NinjaAPI) -> None:
    """Have `api` word every fault."""

    def answer(request: HttpRequest, status: int, sentence: str) -> HttpResponse:
        return api.create_response(request, {"detail": sentence}, status=status)

    @api.exception_handler(Refused)
    def refused(request: HttpRequest, refusal: Refused) -> HttpResponse:
        status = next(STATUS[kind] for kind in type(refusal).__mro__ if kind in STATUS)
        return answer(request, status, str(refusal))

    @api.exception_handler(Http404)
    def missing(request: HttpRequest, error: Http404) -> HttpResponse:
        return answer(request, 404, "There is no such thing here, or you may not see it.")

    @api.exception_handler(AuthenticationError)
    def signed_out(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
        return answer(request, 401, "You are signed out. Sign in and try again.")

    @api.exception_handler(BadToken)
    def bad_token(request: HttpRequest, error: BadToken) -> HttpResponse:
        sentence = (
            "This token is not known here, was revoked or has run out. "
            "Make a new one on your account page."
        )
        return answer(request, 401, sentence)

    @api.exception_handler(ValidationError)
    def invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
        first = error.errors[0]
        where = ".".join(str(part) for part in first["loc"][1:] if part != "data")
        return answer(request, 422, f"{where or 'The request'}: {first['msg']}.")

    @api.exception_handler(HttpError)
    def stated(request: HttpRequest, error: HttpError) -> HttpResponse:
        if error.status_code == 403:
            sentence = "The CSRF token is missing or wrong: send the cookie's value as X-CSRFToken."
            return answer(request, 403, sentence)
        return answer(request, error.status_code, str(error))
