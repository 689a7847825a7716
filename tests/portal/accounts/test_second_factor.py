"""An app's code after the password, codes for the day it is lost, and keys of one's own."""

from collections.abc import Iterator

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import (
    format_hotp_value,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.core.cache import cache
from django.test import Client

from fiducial.accounts.models import User
from tests.factories.people import PASSWORD, person

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_counted() -> Iterator[None]:
    """How often somebody tried is kept longer than a test."""
    cache.clear()
    yield
    cache.clear()


def code(secret: str) -> str:
    """What the app shows now."""
    return format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time())))


def sign_in(client: Client, name: str, password: str = PASSWORD) -> str:
    asked = {"login": name, "password": password}
    return client.post("/account/login/", asked, follow=True).content.decode()


def sign_in_twice(client: Client) -> None:
    """Sign in, and give the password again, as is asked before keys and codes are changed."""
    sign_in(client, "mira")
    asked = client.get("/account/2fa/webauthn/add/", follow=True)
    assert asked.redirect_chain[-1][0].startswith("/account/reauthenticate/")
    client.post("/account/reauthenticate/", {"password": PASSWORD})


def is_in(client: Client) -> bool:
    return client.get("/").context["user"].is_authenticated


@pytest.fixture
def mira() -> User:
    return person("mira")


@pytest.fixture
def secret(client: Client, mira: User) -> str:
    """Mira uses an app from now on; she is signed in."""
    sign_in_twice(client)
    page = client.get("/account/2fa/totp/activate/")
    secret = page.context["form"].secret
    assert secret in page.content.decode()
    assert 'src="data:image/svg+xml' in page.content.decode()
    client.post("/account/2fa/totp/activate/", {"code": code(secret)})
    cache.clear()  # a code counts once; the test needs it again within its thirty seconds
    return secret


def test_account_page_leads_to_it(client: Client, mira: User) -> None:
    sign_in(client, "mira")

    assert 'href="/account/2fa/"' in client.get("/you/").content.decode()
    page = client.get("/account/2fa/").content.decode()
    for words in ("More than a password", "Use an app", "Add a key"):
        assert words in page


def test_password_alone_is_not_enough_any_more(secret: str) -> None:
    guest = Client()

    sign_in(guest, "mira")
    assert not is_in(guest)
    assert "One more step" in guest.get("/account/2fa/authenticate/").content.decode()
    guest.post("/account/2fa/authenticate/", {"code": "000000"})
    assert not is_in(guest)
    guest.post("/account/2fa/authenticate/", {"code": code(secret)})
    assert is_in(guest)


def test_recovery_code_lets_in_once(client: Client, secret: str, mira: User) -> None:
    kept = Authenticator.objects.get(user=mira, type=Authenticator.Type.RECOVERY_CODES)
    first = kept.wrap().get_unused_codes()[0]
    page = client.get("/account/2fa/recovery-codes/").content.decode()
    assert first in page
    assert "10 codes left" in client.get("/account/2fa/").content.decode()

    for expected in (True, False):
        guest = Client()
        sign_in(guest, "mira")
        guest.post("/account/2fa/authenticate/", {"code": first})
        assert is_in(guest) == expected
    assert "9 codes left" in client.get("/account/2fa/").content.decode()


def test_key_of_somebody_else_is_not_there(client: Client, mira: User) -> None:
    key = Authenticator.objects.create(
        user=person(), type=Authenticator.Type.WEBAUTHN, data={"name": "Theirs", "credential": {}}
    )
    sign_in_twice(client)

    for page in ("remove", "edit"):
        assert client.get(f"/account/2fa/webauthn/keys/{key.pk}/{page}/").status_code == 404
        assert client.post(f"/account/2fa/webauthn/keys/{key.pk}/{page}/").status_code == 404
    assert Authenticator.objects.filter(pk=key.pk).exists()


def test_sixth_wrong_password_is_refused_with_a_sentence(client: Client, mira: User) -> None:
    for _ in range(5):
        assert "Too many failed login attempts" not in sign_in(client, "mira", "wrong")

    assert "Too many failed login attempts. Try again later." in sign_in(client, "mira", "wrong")
    assert "Too many failed login attempts" in sign_in(client, "mira")  # the right one, too
    assert not is_in(client)
    person("otto")
    sign_in(client, "otto")  # nobody else is kept out
    assert is_in(client)


def test_page_asked_for_too_often_says_so(client: Client, mira: User) -> None:
    sign_in(client, "mira")
    wrong = {"oldpassword": "x", "password1": "y", "password2": "y"}
    answers = [client.post("/account/password/change/", wrong) for _ in range(6)]

    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    assert "That was too often" in answers[-1].content.decode()
