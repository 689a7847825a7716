"""How a program says who it is. Every route names `SIGNED_IN`; a test looks that none forgot."""

from django.http import HttpRequest
from ninja.errors import AuthenticationError
from ninja.security import HttpBearer, SessionAuth

from fiducial.accounts.models import User
from fiducial.accounts.permissions import NotAllowed

from . import pace, services
from .models import Token

READING = frozenset({"GET", "HEAD", "OPTIONS"})


class BadToken(AuthenticationError):
    """A token came, but none that lets anybody in."""


class TokenAuth(HttpBearer):
    """`Authorization: Bearer fid_…`; the request is then its owner's."""

    def authenticate(self, request: HttpRequest, token: str) -> User:
        """The owner. BadToken for a token that holds no more; NotAllowed for one that only reads.

        A token that is wrong never falls back to a session: the program shall hear of it.
        """
        found = services.recognise(secret=token)
        if found is None:
            raise BadToken
        if found.scope == Token.Scope.READ and request.method not in READING:
            raise NotAllowed(
                f"The token “{found}” may only read. Make one that may write on your account page."
            )
        request.user = found.user
        pace.count(found.user)
        return found.user


class PageAuth(SessionAuth):
    """The session of a signed-in person, with the CSRF token of their pages."""

    def authenticate(self, request: HttpRequest, key: str | None) -> User | None:
        user: User | None = super().authenticate(request, key)
        if user is not None:
            pace.count(user)
        return user


SIGNED_IN = [TokenAuth(), PageAuth()]
