"""A lab in the midst of its work, everybody who looks at it, and its pages without a server."""

from urllib.parse import urlsplit

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.core.cache import cache
from django.db import DEFAULT_DB_ALIAS, connections
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page
from playwright.sync_api import Route as Asked

from fiducial.api.services import create_token
from fiducial.reports import services as reports
from fiducial.review import services as review
from fiducial.review.visitors import Visitor
from tests.factories import people, runs
from tests.permissions import addresses, things
from tests.permissions.routes import Route

HOST = "http://localhost"  # browsers grant it what they grant to https


class Everything:
    """The things of a lab, made once, and the clients of those who look at them, by name.

    "owner" has an app for codes, "member" a key; "halfway" has given the owner's password and no
    code yet; "passwordless" came by an identity provider.
    """

    def __init__(self) -> None:
        cache.clear()  # how often somebody asked is kept longer than a test
        # Playwright calls `_answer` as asyncio would, where Django opens another connection.
        self._connection = connections[DEFAULT_DB_ALIAS]
        self.things = things.make("Aldermoor")
        owner, member = self.things.people["owner"], self.things.people["member"]
        operator = people.person(is_operator=True)
        self._clients = {"anonymous": Client(raise_request_exception=False)}
        for name, user in {"owner": owner, "member": member, "operator": operator}.items():
            self._clients[name] = _signed_in(user.username)
            again = {"password": people.PASSWORD}
            self._clients[name].post(reverse("account_reauthenticate"), again)
        TOTP.activate(owner, generate_totp_secret())
        RecoveryCodes.activate(owner)
        self._clients["halfway"] = _signed_in(owner.username)
        self._clients["passwordless"] = Client(raise_request_exception=False)
        stranger = people.person()
        stranger.set_unusable_password()
        stranger.save()
        self._clients["passwordless"].force_login(stranger)
        self._token = self._enliven()

    def _enliven(self) -> str:
        """Decisions, marks, tokens, workers and waiting runs; returns the token of a link."""
        made, owner = self.things.made, self.things.people["owner"]
        member = self.things.people["member"]
        report = reports.freeze(run=made["run"], by=member, title="Zoned olivine")
        made["report"] = report
        link, token = review.make_link(
            report=report, by=member, whom="referee 2", days=30, may_decide=True
        )
        judge, guest = Visitor(report, user=owner), Visitor(report, link=link, token=token)
        review.mark(visitor=judge, number=1, verdict="not-supported", remark="A scan line.")
        review.decide(visitor=judge, verdict="reject", remark="The grain is a scan line.")
        review.decide(visitor=guest, verdict="accept", name="Ida Noor", affiliation="Uni Bergen")
        Authenticator.objects.filter(pk=made["passkey"].pk).update(user=member)
        create_token(user=owner, name="beamline 7", scope="write", days=30)
        runs.worker("gpu0@here", version="0.1.0", memory=64 * 10**9)
        runs.run(made["measurement"])
        made["failed"] = runs.run(made["measurement"], state="failed", error="The disk is full.")
        return token

    def show(self, page: Page, name: str, address: str) -> None:
        """Open an address as `name`; the page's requests are answered as the portal would."""
        page.unroute_all()
        page.route("**/*", lambda asked: self._answer(self._clients[name], asked))
        answer = page.goto(HOST + address)
        assert answer.status in (200, 401), answer.text()  # 401: an identity provider said no

    def address(self, route: Route) -> str:
        """Where the page of `route` is, about the thing of the lab that it is about."""
        if "token" in route.parameters:
            return reverse(route.view, args=[self._token])
        return addresses.request("GET", route, self.things).address

    def _answer(self, client: Client, asked: Asked) -> None:
        connections[DEFAULT_DB_ALIAS] = self._connection
        request = asked.request
        url = urlsplit(request.url)
        response = client.generic(
            request.method,
            f"{url.path}?{url.query}",
            request.post_data_buffer or b"",
            request.headers.get("content-type", ""),
            headers={k: v for k, v in request.headers.items() if k.startswith("hx-")},
        )
        body = b"".join(response) if response.streaming else response.content
        asked.fulfill(status=response.status_code, headers=dict(response.headers), body=body)


def _signed_in(username: str) -> Client:
    client = Client(raise_request_exception=False)
    said = {"login": username, "password": people.PASSWORD}
    client.post(reverse("account_login"), said)
    return client
