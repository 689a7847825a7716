"""An owner takes the lab's usage away from its page, on a desk and on a phone."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import DESKTOP, PHONE
from tests.factories.finished_runs import finished_run
from tests.factories.people import person

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE])
def test_an_owner_takes_the_usage_of_the_lab_away(visit: Callable[..., Page], viewport) -> None:
    owner = person()
    lab = finished_run().measurement.project.lab
    lab.memberships.create(user=owner, role="owner")
    page = visit(owner, f"/labs/{lab.pk}/", viewport=viewport)
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= viewport["width"]
    with page.expect_download() as download:
        page.get_by_role("link", name="Usage as CSV").click()
    assert download.value.suggested_filename == f"usage-{lab.pk}.csv"
    lines = Path(download.value.path()).read_text().splitlines()
    assert lines[0].startswith("month,runs_finished,")
    assert len(lines) == 2
