"""An owner looks at a lab as a viewer does and comes back, and lets a real viewer in."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.factories.finished_runs import finished_run
from tests.factories.measurements import project, ready
from tests.factories.people import PASSWORD, lab, person

pytestmark = pytest.mark.django_db(transaction=True)
CHANGES = re.compile("^(Add|New|Delete|Freeze|Bring)")


def test_owner_looks_as_a_viewer_and_comes_back(visit: Callable[..., Page]) -> None:
    owner = person("olga")
    made = project(lab("Mineral Physics", owner=owner, viewer=person("vera")))
    ready(made, owner)

    page = visit(owner, made.get_absolute_url())
    expect(page.get_by_role("heading", name="Who can see this")).to_be_visible()
    expect(page.get_by_role("definition").filter(has_text="vera")).to_be_visible()
    page.get_by_role("button", name="View as viewer").click()

    expect(page.get_by_text("You see Mineral Physics as a viewer sees it")).to_be_visible()
    expect(page.get_by_role("link", name="Add a measurement")).to_have_count(0)
    page.get_by_role("button", name="Back to yourself").click()

    expect(page.get_by_role("link", name="Add a measurement")).to_be_visible()
    expect(page.get_by_text("Back to yourself")).to_have_count(0)


def test_owner_invites_a_viewer_who_finds_nothing_to_change(visit: Callable[..., Page]) -> None:
    owner = person("olga")
    run = finished_run(name="Zoned olivine")
    mine = run.measurement.project.lab
    mine.memberships.create(user=owner, role="owner")
    page = visit(owner, f"/labs/{mine.pk}/")
    page.get_by_label("Username").fill("vera")
    page.get_by_label("Role", exact=True).select_option("viewer")
    page.get_by_role("button", name="Invite").click()
    link = page.locator(".notice .mono").inner_text()

    page.context.clear_cookies()
    page.goto(link)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password (again)").fill(PASSWORD)
    page.get_by_role("button", name="Set Password").click()
    page.get_by_role("link", name="Projects").click()
    page.get_by_role("link", name=run.measurement.project.name).first.click()
    page.get_by_role("link", name="Zoned olivine").first.click()
    expect(page.get_by_role("heading", name="Zoned olivine")).to_be_visible()

    portal = page.url.partition("/measurements/")[0]
    measurement = run.measurement
    for path in (
        "/projects/",
        measurement.project.get_absolute_url(),
        measurement.get_absolute_url(),
        run.get_absolute_url(),
        "/queue/",
        f"/labs/{mine.pk}/",
    ):
        assert page.goto(portal + path).ok, path
        expect(page.locator("main form[method=post]")).to_have_count(0)
        expect(page.get_by_role("link", name=CHANGES)).to_have_count(0)
