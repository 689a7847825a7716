"""API tokens for tests, and programs that send them."""

from django.test import Client

from fiducial.accounts.models import User
from fiducial.api import services


def secret(user: User, scope: str = "write") -> str:
    """The secret of a new token of `user`."""
    return services.create_token(user=user, name="a program", scope=scope, days=30)[1]


def program(user: User, scope: str = "write") -> Client:
    """A client without a session that sends a token of `user`; CSRF is checked as in use."""
    return Client(
        enforce_csrf_checks=True, headers={"Authorization": f"Bearer {secret(user, scope)}"}
    )
