"""A movie as a person brings it: frames chosen, called a movie, run, read off the page."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect
from pytest_django.fixtures import Settings

from fiducial.accounts.models import User
from fiducial.measurements import tasks
from fiducial.measurements.models import Measurement
from fiducial.runs.models import Run
from fiducial.runs.work import work_one
from tests.browser.axe import assert_open_to_all
from tests.factories.measurements import project as make_project
from tests.factories.movies import flipping
from tests.factories.people import lab, person

pytestmark = pytest.mark.django_db(transaction=True)
Visit = Callable[..., Page]


@pytest.fixture
def member(settings: Settings, tmp_path: Path) -> User:
    settings.STORE = tmp_path / "store"
    return person()


def test_a_movie_is_brought_run_and_read(visit: Visit, member: User, tmp_path: Path) -> None:
    project = make_project(lab(member=member))
    movie, flips = flipping(np.random.default_rng(3))
    file = tmp_path / "trimer.npy"
    np.save(file, movie)
    page = visit(member, f"/projects/{project.pk}/upload/")
    page.locator("[data-part=files]").set_input_files(file)
    page.get_by_role("button", name="Upload").click()
    page.wait_for_url("**/measurements/**")
    page.get_by_text("waiting to be read").wait_for()
    tasks.ingest()
    page.reload()
    page.get_by_label("Frames of a movie").check()
    page.get_by_role("button", name="Read the files again").click()
    page.wait_for_load_state()
    tasks.ingest()
    made = Measurement.objects.get()
    assert made.summary["content"] == "movie"
    page.reload()
    frames = ", ".join(str(frame + 1) for frame in flips)
    expect(page.get_by_text("At first sight, without any learning: 2 states")).to_be_visible()
    expect(page.get_by_text(f"at frame {frames}")).to_be_visible()

    page.goto(page.url.split("/measurements/")[0] + f"/measurements/{made.pk}/run/")
    expect(page.get_by_role("heading", name="New run")).to_be_visible()
    page.get_by_label("Side of a patch, pixels").fill("28")
    expect(page.locator("#window")).to_have_attribute("width", "28")
    page.get_by_label("Networks").fill("2")
    page.get_by_role("button", name="Queue this run").click()
    page.wait_for_url("**/runs/**")
    work_one("gpu0@here")
    run = Run.objects.get()
    assert run.state == Run.State.SUCCEEDED, run.message
    page.reload()
    expect(page.get_by_text(f"2 states, {len(flips)} changes, at frame {frames}")).to_be_visible()
    for name in ("time", "plane", "strip", "height", "frame"):
        page.locator(f"#figure-{name} .main-svg").first.wait_for()
    page.locator("#figure-time .scatterlayer .point").first.wait_for()
    mark = page.locator("#figure-time .scatterlayer .point").first.bounding_box()
    assert mark is not None
    page.mouse.click(mark["x"] + mark["width"] / 2, mark["y"] + mark["height"] / 2)
    expect(page.get_by_text("explained within its noise")).to_be_visible()
    page.locator("#figure-unit .main-svg").first.wait_for()
    assert_open_to_all(page)
    expect(page.get_by_role("heading", name="Through time")).to_be_visible()
