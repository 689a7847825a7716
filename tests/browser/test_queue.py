"""Asking for a run and watching it, as a person does: pages follow by themselves."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from fiducial.accounts.models import User
from fiducial.measurements.models import Measurement
from fiducial.runs.models import Run
from tests.browser.conftest import DESKTOP, PHONE
from tests.factories import measurements, people, runs
from tests.recipes.toy import RECIPE
from workers.recipes.catalogue import RECIPES

pytestmark = pytest.mark.django_db(transaction=True)
Visit = Callable[..., Page]
PATIENCE = 30_000  # milliseconds; pages ask again every two to three seconds


@pytest.fixture(autouse=True)
def toy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test recipe, known to the portal as FIDUCIAL_RECIPES would make it known."""
    monkeypatch.setitem(RECIPES, RECIPE.name, RECIPE)


@pytest.fixture
def member() -> User:
    return people.person()


@pytest.fixture
def measurement(member: User) -> Measurement:
    return measurements.ready(measurements.project(people.lab(member=member)), member)


def fits(page: Page) -> bool:
    return page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_a_run_is_asked_for_with_its_cost_in_sight(
    visit: Visit, member: User, measurement: Measurement, viewport: dict[str, int]
) -> None:
    page = visit(member, f"/measurements/{measurement.pk}/run/", viewport=viewport)
    expect(page.get_by_text("It would take")).to_be_visible(timeout=PATIENCE)
    page.get_by_label("×1 · denoise").check()
    expect(page.get_by_text("At ×1 every pixel of the final grid")).to_be_visible(timeout=PATIENCE)
    page.get_by_label("×2 · four pixels").check()
    page.get_by_label("Point: the beam stood").check()
    expect(page.get_by_text("a fine map with 1/4 of the dwell")).to_be_visible(timeout=PATIENCE)
    assert fits(page)
    page.get_by_role("button", name="Queue this run").click()

    page.wait_for_url(re.compile("/runs/[0-9a-f-]+/$"), timeout=PATIENCE)
    expect(page.get_by_text("waiting · place 1")).to_be_visible()
    assert fits(page)
    run = Run.objects.get()
    assert (run.parameters["factor"], run.parameters["sampling"]) == (2, "point")


def test_a_run_page_follows_until_the_run_is_over(
    visit: Visit, member: User, measurement: Measurement
) -> None:
    run = runs.running(measurement, stage="reading the map", fraction=0.1)
    page = visit(member, run.get_absolute_url())
    expect(page.get_by_text("10 %", exact=True)).to_be_visible()
    Run.objects.update(stage="drawing samples", fraction=0.6, seconds_left=30)
    expect(page.get_by_text("Drawing samples, 30 s left.")).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_text("60 %", exact=True)).to_be_visible()

    Run.objects.update(state="failed", error="The disk is full.")
    expect(page.get_by_text("This run failed.")).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_text("The disk is full.")).to_be_visible()
    page.get_by_role("button", name="Retry with the same inputs").click()
    expect(page.get_by_text("waiting · place 1")).to_be_visible(timeout=PATIENCE)
    assert Run.objects.filter(retry_of=run).count() == 1


def test_the_queue_follows_and_cancels(
    visit: Visit, member: User, measurement: Measurement
) -> None:
    runs.running(measurement, stage="drawing samples", fraction=0.2, worker="gpu0@here")
    waiting = runs.run(measurement)
    page = visit(member, "/queue/", viewport=PHONE)
    assert fits(page)
    expect(page.get_by_text("running · 20 %")).to_be_visible()
    Run.objects.exclude(pk=waiting.pk).update(fraction=0.7)
    expect(page.get_by_text("running · 70 %")).to_be_visible(timeout=PATIENCE)

    page.locator("tr", has_text="waiting").get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("cancelled", exact=True)).to_be_visible(timeout=PATIENCE)
    waiting.refresh_from_db()
    assert waiting.state == "cancelled"
