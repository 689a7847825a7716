"""Marking five features, by mouse and by keyboard, and what the slow scan then shows."""

import pytest

from fiducial.demo.models import Reveal
from tests.browser.conftest import PHONE
from tests.factories import demo, people

pytestmark = pytest.mark.django_db(transaction=True)


def mark_rows(page, count: int) -> None:
    """Choose features by their rows with the keyboard alone, and mark each."""
    rows = page.locator(".answers-table tbody .fly")
    for index in range(count):
        rows.nth(index).focus()
        page.keyboard.press("Enter")
        page.locator("[data-mark]").focus()
        page.keyboard.press("Enter")


@pytest.mark.parametrize("options", [{}, {"viewport": PHONE}, {"color_scheme": "dark"}])
def test_reveal_by_keyboard_shows_the_judged_table(visit, options):
    member = people.person()
    run = demo.finished_run(member)
    page = visit(member, run.get_absolute_url(), **options)
    page.locator(".answers-table tbody .fly").first.wait_for()
    assert page.locator("[data-reveal]").is_disabled()
    mark_rows(page, 5)
    page.get_by_text("Five of five are marked.").wait_for()
    page.locator("[data-reveal]").focus()
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="What the slow scan says").wait_for()
    assert page.locator(".reveal-table tr[data-channel]").count() >= 15
    assert len(Reveal.objects.get(run=run, user=member).believed) == 5
    wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert wide <= 0


def test_mark_can_be_taken_back_and_is_taken_only_once(visit):
    member = people.person()
    page = visit(member, demo.finished_run(member).get_absolute_url())
    page.locator(".answers-table tbody .fly").first.wait_for()
    mark_rows(page, 1)
    assert page.locator("[data-mark]").is_disabled()  # the chosen one is marked already
    page.get_by_role("button", name="Take back").click()
    page.get_by_text("None of five are marked.").wait_for()
    assert page.locator("[data-mark]").is_enabled()


def test_judged_row_flies_to_its_element_and_place(visit):
    member = people.person()
    run = demo.finished_run(member)
    page = visit(member, run.get_absolute_url())
    page.locator(".answers-table tbody .fly").first.wait_for()
    mark_rows(page, 5)
    page.locator("[data-reveal]").click()
    row = page.locator(".reveal-table tr[data-channel='1']").first
    row.locator("[data-fly]").click()
    assert page.locator("[name=element][value='1']").is_checked()
    painted = page.locator("#map-slow").evaluate(
        "canvas => new Set(canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)"
        ".data).size"
    )
    assert painted > 8
