"""Planning a session as a stranger does: no account, the keyboard alone, on a desk and a phone."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import DESKTOP, PHONE

pytestmark = pytest.mark.django_db(transaction=True)
PATIENCE = 30_000  # milliseconds


@pytest.fixture(params=[DESKTOP, PHONE], ids=["desktop", "phone"])
def page(request: pytest.FixtureRequest, chromium: Browser, live_server) -> Iterator[Page]:
    """The front page, seen by nobody in particular; a script error fails the test."""
    context = chromium.new_context(viewport=request.param)
    page, complaints = context.new_page(), []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(live_server.url)
    yield page
    context.close()
    assert complaints == []


def fits(page: Page) -> bool:
    page.wait_for_load_state()  # a click has led away, and the new page may still be empty
    return page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_a_stranger_plans_by_keyboard_reads_a_definition_and_saves_the_page(
    page: Page, tmp_path: Path
) -> None:
    page.get_by_role("main").get_by_role("link", name="Plan a session").click()
    assert fits(page)
    hours = page.get_by_label("Beam time, hours")
    hours.fill("2")
    hours.press("Enter")

    plans = page.get_by_role("list", name="Plans").get_by_role("listitem")
    expect(plans).to_have_count(3, timeout=PATIENCE)
    expect(page.get_by_role("heading", name=re.compile("Scan every pixel"))).to_be_visible()
    assert "hours=2" in page.url
    assert fits(page)

    plans.first.get_by_role("button", name="Error", exact=True).press("Enter")
    meaning = page.get_by_text("Root mean square difference between estimate and truth").first
    expect(meaning).to_be_visible()
    page.keyboard.press("Escape")
    expect(meaning).to_be_hidden()

    with page.expect_download() as download:
        page.get_by_role("link", name="Save as one page").press("Enter")
    saved = download.value
    assert saved.suggested_filename == "session-plan.html"
    saved.save_as(tmp_path / "plan.html")  # a browser shows a file without an ending as text
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"file://{tmp_path}/plan.html")
    expect(page.get_by_role("heading", name=re.compile("Scan every pixel"))).to_be_visible()
    assert len(asked) == 1
    assert fits(page)
    # Last: a printed page comes back to the screen's width only after a while.
    sheets = re.findall(rb"/Type /Page\b", page.pdf(prefer_css_page_size=True))
    assert len(sheets) == 1


def test_a_wrong_answer_is_said_at_its_field_and_to_a_screen_reader(page: Page) -> None:
    page.goto(page.url + "plan/")
    elements = page.get_by_label("Elements and wt%")
    elements.fill("Si 20, Xx 3")
    elements.press("Enter")

    expect(page.get_by_role("alert")).to_contain_text("1 answer below needs", timeout=PATIENCE)
    expect(elements).to_have_attribute("aria-invalid", "true")
    described = elements.get_attribute("aria-describedby").split()
    said = " ".join(page.locator(f"#{one}").inner_text() for one in described)
    assert "“Xx” is no element that a map shows" in said
    expect(elements).to_have_value("Si 20, Xx 3")
    assert fits(page)
