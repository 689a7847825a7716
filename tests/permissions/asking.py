"""Asking for an address as somebody, and what was answered in one word of the matrix."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.contrib.messages import get_messages
from django.core.cache import cache as kept
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from fiducial.accounts import preview
from fiducial.accounts.models import Lab, User
from tests.factories.people import person

from . import addresses, things
from .addresses import Request
from .routes import Route
from .things import Things

OUTSIDE = ("anonymous", "stranger", "operator")  # in no lab
COLUMNS = (*OUTSIDE, *things.ROLES, "foreign")  # foreign: what each role of another lab is told
# How a service refuses a role: "Only owners and members of Assay can do this".
REFUSAL = re.compile(r"^only (owners|members)\b", re.IGNORECASE)
TOKEN = re.compile(r"\b[A-Za-z0-9]{64}\b")  # of a form, other in every answer


@dataclass(frozen=True)
class Answer:
    """What came back for a request."""

    request: Request
    response: HttpResponse

    @cached_property
    def word(self) -> str:
        """Its word in the matrix: a status, or "login", or "refused" for a role that may not."""
        if self.response.headers.get("Location", "").startswith(reverse("account_login")):
            return "login"
        said = get_messages(self.response.wsgi_request)
        if any(REFUSAL.search(str(message)) for message in said):
            return "refused"
        return str(self.response.status_code)

    @cached_property
    def text(self) -> str:
        """All that was said."""
        response = self.response
        content = b"".join(response) if response.streaming else response.content
        return f"{response.headers.get('Location', '')} {content.decode(errors='replace')}"

    @cached_property
    def told(self) -> tuple[int, str]:
        """Status and text but for what was asked and the tokens of forms."""
        path = self.response.wsgi_request.path
        text = self.text.replace(path, "PATH").replace(quote(path, safe=""), "PATH")
        text = TOKEN.sub("TOKEN", text)
        for sent in self.request.body.values():
            text = text.replace(f'"{sent}"', '"SENT"')
        return self.response.status_code, text


class Visitors:
    """Everybody who may ask, each signed in once, and the things of two labs."""

    def __init__(self) -> None:
        self.ours, self.theirs = things.make("Aldermoor"), things.make("Brackwater")
        outside = {"stranger": person(), "operator": person(is_operator=True)}
        signed_in = outside | self.ours.people
        self._sessions = {name: _session(user) for name, user in signed_in.items()}
        lab, owner = self.ours.made["lab"], self.ours.people["owner"]
        for role in preview.OFFERED:
            self._sessions[f"owner as {role}"] = _session(owner, lab, role)
        # A row is asked for once, however many tests look at it.
        self.own, self.foreign = cache(self._own), cache(self._foreign)

    def ask(
        self, name: str, method: str, route: Route, of: Things, *, missing: bool = False
    ) -> Answer:
        """What `name` is answered; the database is as it was afterwards."""
        request = addresses.request(method, route, of, missing=missing)
        sent: dict[str, Any] = {"data": request.body}
        if method != "GET" and request.is_json:
            sent["content_type"] = "application/json"
        client = Client()
        if name in self._sessions:
            client.cookies[settings.SESSION_COOKIE_NAME] = self._sessions[name]
        with _undone():
            return Answer(request, getattr(client, method.lower())(request.address, **sent))

    def _own(self, method: str, route: Route) -> dict[str, Answer]:
        """What everybody is answered about our things."""
        return {name: self.ask(name, method, route, self.ours) for name in COLUMNS[:-1]}

    def _foreign(self, method: str, route: Route) -> dict[str, Answer]:
        """What our people are answered about theirs; empty where a route is about no thing."""
        if not addresses.request(method, route, self.theirs).names:
            return {}
        return {role: self.ask(role, method, route, self.theirs) for role in things.ROLES}

    def row(self, method: str, route: Route) -> dict[str, str]:
        """The row of the matrix as it is in fact."""
        words = {name: answer.word for name, answer in self.own(method, route).items()}
        foreign = {answer.word for answer in self.foreign(method, route).values()}
        return words | {"foreign": "/".join(sorted(foreign)) or "-"}


def _session(user: User, lab: Lab | None = None, role: str = "") -> str:
    """A signed-in session; one that looks at `lab` as `role` does, where they are given."""
    client = Client()
    client.force_login(user)
    if lab is not None:
        client.post(reverse("accounts:view-as", args=[lab.pk]), {"role": role})
    return client.cookies[settings.SESSION_COOKIE_NAME].value


@contextmanager
def _undone() -> Iterator[None]:
    kept.clear()  # how often somebody asked
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
