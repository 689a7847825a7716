"""The page of a crystal in a browser: its slices and curves, at a desk and on a phone."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page
from pytest_django.fixtures import Settings

from fiducial.viewer.crystal_figures import PICTURES
from tests.browser.axe import assert_open_to_all
from tests.factories.crystal_runs import finished_curve
from tests.factories.people import person

pytestmark = pytest.mark.django_db(transaction=True)


def test_slices_and_curves_of_a_crystal_are_drawn(
    visit: Callable[..., Page], settings: Settings, tmp_path: Path
) -> None:
    settings.STORE = tmp_path / "store"
    member = person()
    page = visit(member, f"/runs/{finished_curve(member).pk}/")
    for name in (*PICTURES, "transfer", "course"):
        page.locator(f"#figure-{name} .main-svg").first.wait_for()
    assert page.locator("#figure-magnitude image").count() == 1
    assert_open_to_all(page)
