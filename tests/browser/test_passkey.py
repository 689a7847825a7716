"""A passkey is made on the account's pages and then signs its person in without a password."""

from collections.abc import Callable

import pytest
from django.core.cache import cache
from playwright.sync_api import Page, expect

from tests.factories.people import PASSWORD, person

pytestmark = pytest.mark.django_db(transaction=True)
DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def test_passkey_signs_in_without_a_password(visit: Callable[..., Page]) -> None:
    cache.clear()  # how often somebody asked is kept longer than a test
    page = visit(person("mira"), "/you/")
    device = page.context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    device.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})

    page.get_by_role("link", name="App, passkeys, recovery codes").click()
    page.get_by_role("link", name="Add a key").click()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    page.get_by_label("Name").fill("My phone")
    page.get_by_label("Passwordless").check()
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_text("There are 10 out of 10 recovery codes available")).to_be_visible()

    page.goto(page.url.partition("/account")[0] + "/you/")
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("link", name="Sign in", exact=True).click()
    page.get_by_role("button", name="Sign in with a passkey").click()

    expect(page.get_by_role("navigation", name="Main").get_by_text("mira")).to_be_visible()
