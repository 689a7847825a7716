"""A run that is not over, as a person watches it: the estimate at once, samples as they arrive."""

from collections.abc import Callable

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from fiducial.runs import folders
from tests.browser.conftest import DESKTOP, PHONE
from tests.factories import measurements, people, runs
from workers import store

pytestmark = pytest.mark.django_db(transaction=True)
PATIENCE = 30_000  # milliseconds; the page asks again every two seconds


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_samples_arrive_and_can_be_blinked_through(
    visit: Callable[..., Page], viewport: dict[str, int]
) -> None:
    member = people.person()
    project = measurements.project(people.lab(member=member))
    run = runs.running(measurements.ready(project, member), lease=600)
    with store.RunWriter(
        folders.output(run),
        channels=("Si", "Fe"),
        measured_shape=(6, 8),
        shape=(24, 32),
        samples=3,
        provenance={},
    ) as writer:
        rng = np.random.default_rng(0)
        page = visit(member, f"/runs/{run.pk}/", viewport=viewport)
        expect(page.get_by_role("heading", name="So far")).to_be_hidden()
        writer.image("mask", np.ones((6, 8), np.uint8))
        writer.image("estimate", rng.uniform(5, 40, (2, 24, 32)).astype(np.float32))
        expect(page.get_by_alt_text("Estimate of Si")).to_be_visible(timeout=PATIENCE)
        # Never stretched, whatever the shape of the map and of the window.
        expect(page.get_by_alt_text("Estimate of Si")).to_have_css("object-fit", "contain")
        expect(page.get_by_text("The first sample is on its way.")).to_be_visible()
        for k in range(2):
            writer.sample(k, rng.uniform(5, 40, (2, 24, 32)).astype(np.float32))
        expect(page.get_by_text("2 of 3 samples have arrived.")).to_be_visible(timeout=PATIENCE)
        expect(page.get_by_text("Sample 2 of 3", exact=True)).to_be_visible()
        page.get_by_role("button", name="Next posterior sample").click()
        expect(page.get_by_alt_text("Posterior sample 1 of Si")).to_be_visible()
        page.locator(".preview .pick", has_text="Fe").click()
        expect(page.get_by_alt_text("Posterior sample 1 of Fe")).to_be_visible()
        expect(page.get_by_text("Fe, counts")).to_be_visible()
        page.get_by_role("button", name="Blink samples").click()
        expect(page.get_by_alt_text("Posterior sample 2 of Fe")).to_be_visible()
        expect(page.get_by_role("button", name="Pause")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
