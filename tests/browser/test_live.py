"""A scan while its frames arrive, as a person at the instrument watches it."""

import threading
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from fiducial.live import services
from fiducial.live.models import LiveScan
from tests.browser.conftest import DESKTOP, PHONE
from tests.factories import live, measurements, people, scans
from tests.factories.live import FRAMES, body

pytestmark = pytest.mark.django_db(transaction=True)
PATIENCE = 30_000  # milliseconds; the page asks again every two seconds


@pytest.fixture
def worker() -> Iterator[threading.Thread]:
    with live.worker() as thread:
        yield thread


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_a_scan_is_opened_grows_before_ones_eyes_and_is_closed(
    visit: Callable[..., Page], worker: threading.Thread, viewport: dict[str, int]
) -> None:
    member = people.person()
    project = measurements.project(people.lab(member=member))
    measurements.ready(project, member, scans.scan(), "Earlier scan")
    page = visit(member, f"/projects/{project.pk}/upload/", viewport=viewport)
    page.get_by_role("link", name="Open a live scan").click()
    page.get_by_label("Name").fill("Tip 7")
    page.get_by_label("Frames at most").fill(str(FRAMES))
    page.get_by_label("Pixels along a side of a frame").fill(str(scans.SIDE))
    page.get_by_label("Where zero frequency lies").select_option("corner")
    page.get_by_label("Start from the probe of").select_option(label="Earlier scan")
    page.get_by_role("button", name="Open the scan").click()
    expect(page.get_by_text("waiting for the first frame")).to_be_visible()
    expect(page.get_by_text("The first picture comes a few seconds")).to_be_visible()

    frames, places, _ = live.counted()
    scan = LiveScan.objects.get()

    def send(first: int, last: int) -> None:
        sent = body(frames[first:last], first, positions=places[first:last].tolist())
        services.receive(scan=scan, user=member, body=sent)

    worker.start()
    send(0, 18)
    send(20, 30)
    expect(page.get_by_text("2, by number: 18–19")).to_be_visible(timeout=PATIENCE)
    expect(page.locator("#figure-phase .plot-container")).to_be_visible(timeout=PATIENCE)
    expect(page.locator("#figure-amplitude .plot-container")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")

    page.get_by_role("button", name="Close the scan").click()
    worker.join(30)
    expect(page.get_by_role("status").get_by_text("ended")).to_be_visible(timeout=PATIENCE)
    expect(page.locator("#figure-phase .plot-container")).to_be_visible(timeout=PATIENCE)
    page.get_by_role("link", name="a measurement like any other").click()
    expect(page.get_by_role("heading", name="Tip 7")).to_be_visible()
