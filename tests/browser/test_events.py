"""Calorimeter events as a person brings them: uploaded, refined, read off the page, frozen."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from pytest_django.fixtures import Settings

from fiducial.accounts.models import User
from fiducial.measurements import tasks
from fiducial.runs.models import Run
from fiducial.runs.work import work_one
from tests.browser.axe import assert_open_to_all
from tests.factories import event_files, events
from tests.factories.measurements import project as make_project
from tests.factories.people import lab, person

pytestmark = pytest.mark.django_db(transaction=True)
Visit = Callable[..., Page]
PATIENCE = 30_000  # ms


@pytest.fixture
def member(settings: Settings, tmp_path: Path) -> User:
    settings.STORE = tmp_path / "store"
    return person()


def brought(page: Page, files: list[Path]) -> None:
    """Choose files on the page of an upload, and read them as a worker would."""
    page.locator("[data-part=files]").set_input_files(files)
    page.get_by_role("button", name="Upload").click()
    page.wait_for_url("**/measurements/**")
    page.get_by_text("waiting to be read").wait_for()
    tasks.ingest()
    page.reload()


def test_events_are_brought_refined_read_and_frozen(
    visit: Visit, member: User, tmp_path: Path
) -> None:
    project = make_project(lab(member=member))
    held = events.showers(count=3, seed=2)
    files = [
        event_files.event_table(tmp_path / "events.csv", held),
        event_files.cell_table(tmp_path / "cells.csv", held),
    ]
    page = visit(member, f"/projects/{project.pk}/upload/")
    brought(page, files)
    expect(page.get_by_text("3 events of")).to_be_visible()

    page.get_by_role("link", name="New run").first.click()
    expect(page.get_by_role("heading", name="New run")).to_be_visible()
    page.get_by_label("Samples").fill("8")
    page.get_by_role("button", name="Queue this run").click()
    page.wait_for_url("**/runs/**")
    work_one("gpu0@here")
    run = Run.objects.get()
    assert run.state == Run.State.SUCCEEDED, run.message
    page.reload()
    expect(page.get_by_text("particles stand out of the estimates of 3 events")).to_be_visible()
    for name in ("measured", "prediction", "spread", "particles", "number", "sums"):
        page.locator(f"#figure-{name} .main-svg").first.wait_for()
    page.get_by_label("Show").select_option("s0")
    expect(page.get_by_role("heading", name="Prediction: sample 1")).to_be_visible()
    page.get_by_role("button", name="The event after").click()
    expect(page.get_by_label("Number of the event")).to_have_value("501", timeout=PATIENCE)
    assert_open_to_all(page)

    page.get_by_role("button", name="Freeze", exact=True).click()
    page.wait_for_url("**/reports/**")
    expect(page.get_by_text("What this report guarantees")).to_be_visible()


def test_a_table_without_an_event_is_refused_in_a_sentence(
    visit: Visit, member: User, tmp_path: Path
) -> None:
    project = make_project(lab(member=member))
    file = tmp_path / "events.csv"
    file.write_text("event,layer,x,y,width,height,energy,sigma\n")
    page = visit(member, f"/projects/{project.pk}/upload/")
    brought(page, [file])
    expect(page.get_by_text("There is no event in this table")).to_be_visible()
    expect(page.get_by_role("heading", name="What a file of events needs")).to_be_visible()
    expect(page.get_by_label("Noise of a cell, where no file states it")).to_be_visible()
    expect(page.get_by_text("Beam current")).to_have_count(0)
    assert_open_to_all(page)
