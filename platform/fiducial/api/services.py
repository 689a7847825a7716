"""Making, revoking and recognising the tokens by which programs act for people."""

import hashlib
import secrets
from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from fiducial.accounts.models import User
from fiducial.errors import Refused
from fiducial.trail.services import record

from .models import Token

PREFIX = "fid_"  # by which scanners find a secret that was published by mistake
MOST_DAYS = 365
MOST_TOKENS = 50


@transaction.atomic
def create_token(*, user: User, name: str, scope: str, days: int) -> tuple[Token, str]:
    """Make a token that holds for `days` (at most a year).

    Returns it with its secret, which cannot be read back. Refused without a name, for a scope
    there is not, for days out of range, or beside too many tokens that still hold.
    """
    name = name.strip()
    if not 1 <= len(name) <= 80:
        raise Refused("Give the token a name of 1 to 80 characters, such as the program's.")
    if scope not in Token.Scope.values:
        raise Refused(f"“{scope}” is not a scope; choose {' or '.join(Token.Scope.values)}.")
    if not 1 <= days <= MOST_DAYS:
        raise Refused(f"A token holds for 1 to {MOST_DAYS} days, not for {days}.")
    now = timezone.now()
    if user.tokens.filter(revoked=None, expires__gt=now).count() >= MOST_TOKENS:
        raise Refused(f"You have {MOST_TOKENS} tokens already; revoke one you no longer need.")
    secret = PREFIX + secrets.token_urlsafe(32)
    token = Token.objects.create(
        user=user,
        name=name,
        scope=scope,
        secret_hash=_hashed(secret),
        expires=now + timedelta(days=days),
    )
    record("token.made", by=user, subject=token, reason=f"{scope}, for {days} days")
    return token, secret


@transaction.atomic
def revoke_token(*, token: Token, by: User) -> None:
    """End a token of `by` at once; one that was revoked before stays as it is."""
    if by.tokens.filter(pk=token.pk, revoked=None).update(revoked=timezone.now()):
        record("token.revoked", by=by, subject=token)


def recognise(*, secret: str) -> Token | None:
    """The token of `secret`, noted as used; None where it is unknown, over, or its owner is."""
    now = timezone.now()
    holding = Token.objects.filter(revoked=None, expires__gt=now, user__is_active=True)
    token = holding.select_related("user").filter(secret_hash=_hashed(secret)).first()
    if token is not None:
        lately = now - timedelta(minutes=1)  # a write a minute, not one for every request
        Token.objects.filter(Q(used=None) | Q(used__lt=lately), pk=token.pk).update(used=now)
    return token


def _hashed(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
