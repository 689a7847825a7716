"""A person makes a token for a program on a phone, and revokes it."""

from playwright.sync_api import expect

from fiducial.api import services
from tests.browser.conftest import PHONE
from tests.factories.people import person


def test_a_token_is_made_shown_once_and_revoked(visit):
    user = person()
    page = visit(user, "/you/", viewport=PHONE)
    page.get_by_label("Name").fill("beamline 7")
    page.get_by_label("What it may do").select_option("write")
    page.get_by_role("button", name="Make the token").click()
    secret = page.locator(".notice .mono").inner_text()
    assert services.recognise(secret=secret).name == "beamline 7"
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]

    page.get_by_role("link", name="Your account").click()
    expect(page.get_by_text("beamline 7")).to_be_visible()
    expect(page.get_by_text(secret)).to_have_count(0)
    page.get_by_role("button", name="Revoke beamline 7").click()
    expect(page.get_by_text("no program gets in with it any more")).to_be_visible()
    assert services.recognise(secret=secret) is None
