"""Signing in through an identity provider: only people who have an account here get in."""

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from pytest_django.fixtures import Settings

from fiducial.accounts import services
from fiducial.accounts.models import User
from fiducial.settings import identity
from tests.factories.identity import Provider, provider
from tests.factories.people import PASSWORD, lab, person

pytestmark = pytest.mark.django_db
MIRA = {"sub": "mira-1", "email": "Mira@lab.example", "email_verified": True}
BUTTON = "Sign in with Institute"


@pytest.fixture
def institute(settings: Settings) -> Iterator[Provider]:
    with provider() as made:
        settings.SOCIALACCOUNT_PROVIDERS = made.settings()
        yield made


def come_back(client: Client, *, process: str = "login") -> str:
    """Go to the provider and come back vouched for; returns the page one arrives at."""
    sent = client.get(f"/account/oidc/institute/login/?process={process}")
    asked = parse_qs(urlsplit(sent["Location"]).query)
    assert asked["client_id"] == ["fiducial"]
    assert asked["code_challenge_method"] == ["S256"]
    answer = client.get(
        "/account/oidc/institute/login/callback/",
        {"code": "c", "state": asked["state"][0]},
        follow=True,
    )
    return answer.content.decode()


def confirmed(name: str) -> User:
    """Somebody who has shown that the address is theirs."""
    user = person(name, email=f"{name}@lab.example")
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def signed_in(client: Client) -> User:
    return client.get("/").context["user"]


def test_sign_in_offers_a_provider_only_where_one_is_configured(
    client: Client, settings: Settings
) -> None:
    assert BUTTON not in client.get("/account/login/").content.decode()

    with provider() as made:
        settings.SOCIALACCOUNT_PROVIDERS = made.settings()
        assert BUTTON in client.get("/account/login/").content.decode()


def test_person_of_the_same_verified_address_is_let_in_and_keeps_the_password(
    client: Client, institute: Provider
) -> None:
    mira = confirmed("mira")
    institute.claims = MIRA

    come_back(client)

    assert signed_in(client) == mira
    mira.refresh_from_db()
    assert mira.check_password(PASSWORD)
    mira.email = "elsewhere@lab.example"  # from now on the connection counts, not the address
    mira.save()
    again = Client()
    come_back(again)
    assert signed_in(again) == mira


def test_invited_person_comes_in_without_ever_choosing_a_password(
    client: Client, institute: Provider
) -> None:
    owner = person()
    mira, _ = services.invite(
        by=owner, lab=lab(owner=owner), username="mira", email=MIRA["email"], role="viewer"
    )
    institute.claims = MIRA

    come_back(client)

    assert signed_in(client) == mira


@pytest.mark.parametrize(
    "claims",
    [
        {"sub": "eve-1", "email": "eve@lab.example", "email_verified": True},
        {"sub": "eve-1", "email": "mira@lab.example", "email_verified": False},
        {"sub": "eve-1"},
    ],
)
def test_stranger_is_let_in_nowhere_and_gets_no_account(
    client: Client, institute: Provider, claims: dict[str, object]
) -> None:
    confirmed("mira")
    institute.claims = claims

    page = come_back(client)

    assert "Accounts are made by labs" in page
    assert not signed_in(client).is_authenticated
    assert User.objects.count() == 1
    assert not SocialAccount.objects.exists()


def test_address_that_is_only_claimed_lets_nobody_in(client: Client, institute: Provider) -> None:
    person("mallory", email="mira@lab.example")
    institute.claims = MIRA

    assert "nobody has confirmed that it is yours" in come_back(client)
    assert not signed_in(client).is_authenticated
    assert not SocialAccount.objects.exists()


def test_address_claimed_by_another_keeps_nobody_out(client: Client, institute: Provider) -> None:
    person("mallory", email="mira@lab.example")
    mira = confirmed("mira")
    institute.claims = MIRA

    come_back(client)

    assert signed_in(client) == mira


def test_somebody_locked_out_is_not_let_in(client: Client, institute: Provider) -> None:
    person("mira", email="mira@lab.example", is_active=False)
    institute.claims = MIRA

    assert "Accounts are made by labs" in come_back(client)


def test_person_connects_a_provider_that_tells_no_address(
    client: Client, institute: Provider
) -> None:
    mira = person("mira")
    client.post("/account/login/", {"login": "mira", "password": PASSWORD})
    assert "Other ways to sign in" in client.get("/you/").content.decode()
    institute.claims = {"sub": "0000-0002-1825-0097"}

    come_back(client, process="connect")

    elsewhere = Client()
    come_back(elsewhere)
    assert signed_in(elsewhere) == mira


def test_provider_that_is_away_is_told_in_words(client: Client, settings: Settings) -> None:
    with provider() as made:
        settings.SOCIALACCOUNT_PROVIDERS = made.settings()

    answer = client.get("/account/oidc/institute/login/")

    assert answer.status_code == 502
    assert "The other service did not let you in" in answer.content.decode()


def test_providers_are_read_from_the_environment() -> None:
    environ = {
        "FIDUCIAL_OIDC": "institute, orcid",
        "FIDUCIAL_OIDC_INSTITUTE_URL": "https://id.lab.example",
        "FIDUCIAL_OIDC_INSTITUTE_CLIENT_ID": "a",
        "FIDUCIAL_OIDC_INSTITUTE_SECRET": "b",
        "FIDUCIAL_OIDC_ORCID_URL": "https://orcid.org",
        "FIDUCIAL_OIDC_ORCID_CLIENT_ID": "c",
        "FIDUCIAL_OIDC_ORCID_SECRET": "d",
        "FIDUCIAL_OIDC_ORCID_TITLE": "ORCID",
    }

    institute, orcid = identity.providers(environ)

    assert (institute["name"], institute["client_id"]) == ("institute", "a")
    assert (orcid["name"], orcid["settings"]["server_url"]) == ("ORCID", "https://orcid.org")
    assert identity.providers({}) == []


@pytest.mark.parametrize("missing", ["URL", "CLIENT_ID", "SECRET"])
def test_half_a_provider_is_refused_at_the_start(missing: str) -> None:
    names = {"URL", "CLIENT_ID", "SECRET"} - {missing}
    environ = {f"FIDUCIAL_OIDC_ORCID_{name}": "x" for name in names}

    with pytest.raises(ImproperlyConfigured, match=f"Set FIDUCIAL_OIDC_ORCID_{missing}"):
        identity.providers(environ | {"FIDUCIAL_OIDC": "orcid"})
