"""Sending files as a person does: choosing them, losing the page, correcting what was read."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, Route, expect
from pytest_django.fixtures import Settings

from fiducial.accounts.models import User
from fiducial.measurements import folders, tasks
from fiducial.measurements.models import Measurement, Project
from tests.browser.conftest import DESKTOP, PHONE
from tests.factories.measurements import project as make_project
from tests.factories.measurements import ready
from tests.factories.people import lab, person

pytestmark = pytest.mark.django_db(transaction=True)
Visit = Callable[..., Page]
# What a browser looks like on a plain-http address inside a lab.
INSECURE = "Object.defineProperty(crypto, 'subtle', { value: undefined });"


@pytest.fixture
def member() -> User:
    return person()


@pytest.fixture
def project(member: User, settings: Settings, tmp_path: Path) -> Project:
    settings.STORE = tmp_path / "store"
    settings.UPLOAD_PART_BYTES = 256
    return make_project(lab(member=member))


@pytest.fixture
def maps(tmp_path: Path) -> list[Path]:
    """Two element maps as text, several parts long."""
    generator = np.random.default_rng(5)
    paths = [tmp_path / "ooid" / f"MD6_{element}.txt" for element in ("Fe", "Mg")]
    paths[0].parent.mkdir()
    for path in paths:
        np.savetxt(path, generator.poisson(40, (16, 20)), fmt="%d", delimiter="\t")
    return paths


def assert_arrived(maps: list[Path]) -> Measurement:
    made = Measurement.objects.get()
    kept = {file.name: folders.arrived_file(file).read_bytes() for file in made.files.all()}
    assert kept == {path.name: path.read_bytes() for path in maps}
    return made


@pytest.mark.parametrize("secure", [True, False], ids=["localhost", "plain http"])
def test_chosen_files_become_a_measurement_page(
    visit: Visit, member: User, project: Project, maps: list[Path], secure: bool
) -> None:
    page = visit(member, "/you/")
    if not secure:
        page.add_init_script(INSECURE)
    page.goto(page.url.replace("/you/", f"/projects/{project.pk}/upload/"))
    page.locator("[data-part=files]").set_input_files(maps)
    assert page.get_by_label("Name of the map").input_value() == "MD6"
    page.get_by_label("Name of the map").fill("Ooid B3")
    page.get_by_role("button", name="Upload 2 files").click()
    page.wait_for_url("**/measurements/**")
    page.get_by_text("waiting to be read").wait_for()
    made = assert_arrived(maps)
    assert made.name == "Ooid B3"

    tasks.ingest()

    page.get_by_role("heading", name="Element by element").wait_for()
    page.locator(".gallery-histogram .plot-container").wait_for()
    assert page.locator(".thumb").count() == 2
    page.locator(".thumb", has_text="Mg").click()
    page.get_by_text("Mg, counts").wait_for()


def test_folder_gives_the_map_its_name(
    visit: Visit, member: User, project: Project, maps: list[Path]
) -> None:
    page = visit(member, f"/projects/{project.pk}/upload/")
    page.locator("[data-part=folder]").set_input_files(maps[0].parent)
    assert page.get_by_label("Name of the map").input_value() == "ooid"
    page.get_by_role("button", name="Upload 2 files").click()
    page.wait_for_url("**/measurements/**")
    assert assert_arrived(maps).name == "ooid"


def test_upload_goes_on_after_the_page_was_lost(
    visit: Visit, member: User, project: Project, maps: list[Path]
) -> None:
    page = visit(member, f"/projects/{project.pk}/upload/")
    page.on("dialog", lambda dialog: dialog.accept())
    sent: list[str] = []

    def first_two_only(route: Route) -> None:
        sent.append(route.request.url)
        if len(sent) <= 2:
            route.continue_()  # the others hang, as on a line that died

    page.route("**/parts/**", first_two_only)
    page.locator("[data-part=files]").set_input_files(maps)
    page.get_by_role("button", name="Upload 2 files").click()
    page.get_by_text("%").first.wait_for()
    # The first “%” is shown before any part has arrived, or the upload been opened.
    for _ in range(100):
        opened = Measurement.objects.first()
        if opened and sum(len(file.parts) for file in opened.files.all()) >= 2:
            break
        page.wait_for_timeout(100)
    page.reload()
    page.unroute("**/parts/**")
    expect(page.get_by_role("heading", name="Uploads you have not finished")).to_be_visible()
    arrived = sum(len(file.parts) for file in Measurement.objects.get().files.all())
    assert arrived == 2
    again: list[str] = []
    page.on("request", lambda request: again.append(request.url) if "/parts/" in request.url else 0)

    page.locator("[data-part=files]").set_input_files(maps)
    page.get_by_role("button", name="Upload 2 files").click()
    page.wait_for_url("**/measurements/**")

    total = sum(-(-path.stat().st_size // 256) for path in maps)
    assert len(again) == total - arrived
    assert_arrived(maps)


def test_too_much_is_said_before_a_byte_is_sent(
    visit: Visit, member: User, project: Project, maps: list[Path], settings: Settings
) -> None:
    settings.UPLOAD_MAX_BYTES = 1024
    page = visit(member, f"/projects/{project.pk}/upload/")
    page.locator("[data-part=files]").set_input_files(maps)
    page.get_by_text("one upload holds at most 1.0 KB").wait_for()
    assert page.get_by_role("button", name="Upload 2 files").is_disabled()
    assert not Measurement.objects.exists()


def test_correction_is_chosen_by_its_picture(visit: Visit, member: User, project: Project) -> None:
    made = ready(project, member)
    page = visit(member, made.get_absolute_url())
    page.get_by_text("Correct or add what the files do not say").click()
    page.locator(".choice", has_text="Line: the beam swept").click()
    page.get_by_label("Pixel size").fill("4")
    page.get_by_role("button", name="Read the files again").click()
    page.get_by_text("waiting to be read").wait_for()
    made.refresh_from_db()
    assert (made.answers["sampling"], made.answers["pixel_size_um"]) == ("line", 4.0)


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_pages_fit_their_screen(
    visit: Visit, member: User, project: Project, viewport: dict[str, int]
) -> None:
    made = ready(project, member, name="A map with a rather long name, fine at dwell/16")
    page = visit(member, "/", viewport=viewport)
    home = page.url
    paths = ("", "plan/", "projects/", f"projects/{project.pk}/", f"projects/{project.pk}/upload/")
    for path in (*paths, made.get_absolute_url()[1:], "you/", f"labs/{project.lab_id}/"):
        page.goto(home + path)
        wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert wide <= 0, path
