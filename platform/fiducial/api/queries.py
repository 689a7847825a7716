"""Reading tokens; a person sees their own and no others."""

from django.db.models import QuerySet

from fiducial.accounts.models import User

from .models import Token


def tokens_of(user: User) -> QuerySet[Token]:
    """The tokens of `user` that were not revoked, newest first; those that ran out are among."""
    return user.tokens.filter(revoked=None).order_by("-created")
