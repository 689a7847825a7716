"""Changing people, labs and the one-time links that sign somebody in."""

import hashlib
import secrets
from datetime import timedelta

from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme

from fiducial.errors import Refused
from fiducial.trail.services import record

from . import permissions
from .models import Lab, Membership, OneTimeLink, User


def one_time_link(*, user: User, next_url: str = "/", minutes: int = 15) -> str:
    """Make a link that signs `user` in exactly once and then shows `next_url`.

    Returns the path ("/once/…/"); put the portal's address before it. Only a hash of the token is
    kept, so the link cannot be read back from the database. `next_url` must be a path of this
    portal (Refused otherwise).
    """
    if not url_has_allowed_host_and_scheme(next_url, allowed_hosts=None):
        raise Refused(f"A one-time link can lead to a page of this portal only, not to {next_url}.")
    token = secrets.token_urlsafe(32)
    OneTimeLink.objects.create(
        token_hash=_hashed(token),
        user=user,
        next_url=next_url,
        expires=timezone.now() + timedelta(minutes=minutes),
    )
    return reverse("accounts:one-time", args=[token])


def use_one_time_link(*, token: str) -> OneTimeLink:
    """Spend a link: of two requests at one moment only one gets it, the other is Refused."""
    now = timezone.now()
    spent = OneTimeLink.objects.filter(
        token_hash=_hashed(token), used=None, expires__gt=now, user__is_active=True
    ).update(used=now)
    if not spent:
        raise Refused(
            "This sign-in link was used already or has run out. Sign in with your password, "
            "or ask whoever sent it for a new one."
        )
    return OneTimeLink.objects.select_related("user").get(token_hash=_hashed(token))


def tell_of_runs(*, user: User, wanted: bool) -> None:
    """Mail `user` when a run of theirs that took long has ended, or do not."""
    user.told_of_runs = wanted
    user.save(update_fields=["told_of_runs"])


@transaction.atomic
def create_lab(*, name: str, owner: User) -> Lab:
    """Open a lab owned by `owner`. Refused when the name is empty or taken."""
    name = name.strip()
    if not name:
        raise Refused("Give the lab a name.")
    if Lab.objects.filter(name__iexact=name).exists():
        raise Refused(f"A lab called {name} exists already; choose another name.")
    lab = Lab.objects.create(name=name)
    Membership.objects.create(lab=lab, user=owner, role=Membership.Role.OWNER)
    record("lab.opened", by=owner, lab=lab, subject=lab)
    return lab


@transaction.atomic
def set_role(*, by: User, lab: Lab, user: User, role: str) -> Membership:
    """Let `user` into `lab`, or change what they are there. A lab always keeps an owner."""
    permissions.require(by, permissions.MANAGE, lab)
    membership = _put(lab, user, role)
    record("lab.role", by=by, lab=lab, subject=user, reason=f"now {membership.role}")
    return membership


@transaction.atomic
def remove_member(*, by: User, lab: Lab, user: User) -> None:
    """Take `user` out of `lab`; what they uploaded stays with the lab.

    Of somebody who was invited and never came, the account goes too, and with it the link.
    """
    permissions.require(by, permissions.MANAGE, lab)
    _keep_an_owner(lab, without=user)
    lab.memberships.filter(user=user).delete()
    record("lab.removed", by=by, lab=lab, subject=user)
    if user.is_awaited and not user.is_operator and not user.memberships.exists():
        user.delete()


def _put(lab: Lab, user: User, role: str) -> Membership:
    if role not in Membership.Role.values:
        raise Refused(f"“{role}” is not a role; choose {', '.join(Membership.Role.values)}.")
    if role != Membership.Role.OWNER:
        _keep_an_owner(lab, without=user)
    membership, _ = Membership.objects.update_or_create(lab=lab, user=user, defaults={"role": role})
    return membership


def _keep_an_owner(lab: Lab, *, without: User) -> None:
    owners = lab.memberships.filter(role=Membership.Role.OWNER)
    if owners.filter(user=without).exists() and not owners.exclude(user=without).exists():
        raise Refused(f"{without} is the only owner of {lab}; make somebody else an owner first.")


@transaction.atomic
def invite(*, by: User, lab: Lab, username: str, email: str, role: str) -> tuple[User, bool]:
    """Let a person into `lab`; make their account when there is none of that name.

    Returns the person and whether the account is new. A new account has no password: its owner
    gets in by a one-time link and sets one.
    """
    permissions.require(by, permissions.MANAGE, lab)
    user, new = _account(username, email)
    if lab.memberships.filter(user=user).exists():
        raise Refused(f"{user} belongs to {lab} already; change the role in the list instead.")
    _put(lab, user, role)
    record("lab.invited", by=by, lab=lab, subject=user, reason=f"as {role}")
    return user, new


@transaction.atomic
def appoint(*, username: str, email: str, lab_name: str, role: str, operator: bool) -> User:
    """What only somebody at the server can do: a first account, a lab with its owner, an operator.

    Accounts and labs that exist are used as they are; a new lab must begin with an owner.
    """
    user, _ = _account(username, email)
    if operator and not user.is_operator:
        user.is_operator = True
        user.save(update_fields=["is_operator"])
    if not lab_name:
        return user
    lab = Lab.objects.filter(name__iexact=lab_name.strip()).first()
    if lab is None and role != Membership.Role.OWNER:
        raise Refused(f"There is no lab called {lab_name}; a new one begins with its owner.")
    if lab is None:
        create_lab(name=lab_name, owner=user)
    else:
        _put(lab, user, role)
    return user


def _account(username: str, email: str) -> tuple[User, bool]:
    """The person of that name, made without a password where there is none; whether it is new."""
    user = User.objects.filter(username__iexact=username.strip()).first()
    if user is not None:
        return user, False
    user = User(username=username.strip(), email=email.strip())
    user.set_unusable_password()
    user.full_clean(exclude=["password"])
    user.save()
    return user, True


def _hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
