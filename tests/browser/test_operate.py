"""An operator moves a run and pauses a worker, on a desktop and on a phone; drains another."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from fiducial.runs.models import Run
from tests.browser.conftest import DESKTOP, PHONE
from tests.factories import measurements, people, runs

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_an_operator_moves_a_run_and_pauses_a_worker(
    visit: Callable[..., Page], viewport: dict[str, int]
) -> None:
    operator, member = people.person(is_operator=True), people.person()
    lab = people.lab("Ores of the north", member=member)
    measurement = measurements.ready(measurements.project(lab), member)
    worker = runs.worker("gpu0@here", version="0.1.0", memory=64 * 10**9)
    runs.running(measurement, worker="gpu0@here", fraction=0.4)
    first, last = runs.run(measurement), runs.run(measurement)

    page = visit(operator, "/operate/", viewport=viewport)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    row = page.locator("tr", has_text=str(last.pk))
    row.get_by_text("Change").click()
    row.get_by_label("Reason").fill("the microscope waits")
    row.get_by_role("button", name="To the front").click()
    expect(page.get_by_text("The run is next now.")).to_be_visible()
    assert Run.objects.get(front=True) == last
    waiting = page.locator("tr:has(.queue-state)", has_text="waiting")
    expect(waiting.nth(0)).to_contain_text(str(last.pk))
    expect(waiting.nth(1)).to_contain_text(str(first.pk))

    page.get_by_label("Order").select_option("pause")
    page.locator("#order-reason").fill("a new driver")
    page.get_by_role("button", name="Tell it").click()
    expect(page.get_by_text("handing its run back")).to_be_visible()
    worker.refresh_from_db()
    assert worker.order == "pause"

    page.get_by_role("link", name=lab.name).click()
    page.get_by_label("Share").fill("2")
    page.get_by_label("Reason").fill("pays for two GPUs")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.get_by_role("button", name="Change").click()
    expect(page.get_by_text("was changed")).to_be_visible()


def test_an_operator_drains_a_worker_and_queues_its_run_again(visit: Callable[..., Page]) -> None:
    operator, member = people.person(is_operator=True), people.person()
    lab = people.lab(member=member)
    measurement = measurements.ready(measurements.project(lab), member)
    worker = runs.worker("gpu0@here")
    run = runs.running(measurement, worker="gpu0@here", fraction=0.4)

    page = visit(operator, "/operate/")
    page.get_by_label("Order").select_option("drain")
    page.locator("#order-reason").fill("its memory fails")
    page.get_by_role("button", name="Tell it").click()
    row = page.locator("tr", has_text=str(run.pk))
    row.get_by_text("Change").click()
    row.get_by_role("button", name="Queue again").click()  # without a reason
    assert row.get_by_label("Reason").evaluate("field => field.validity.valueMissing")
    row.get_by_label("Reason").fill("it would be lost there")
    row.get_by_role("button", name="Queue again").click()
    expect(page.locator("tr", has_text=str(run.pk))).to_contain_text("waiting")

    worker.refresh_from_db()
    run.refresh_from_db()
    assert (worker.order, run.state, run.attempt) == ("drain", "queued", 0)
    page.goto(page.url.replace("/operate/", "/trail/"))
    expect(page.get_by_role("main")).to_contain_text("its memory fails")
    expect(page.get_by_role("main")).to_contain_text("it would be lost there")
