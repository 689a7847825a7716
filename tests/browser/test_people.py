"""An owner sees who can see a project, looks at it as a viewer, and comes back."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.factories.measurements import project, ready
from tests.factories.people import lab, person

pytestmark = pytest.mark.django_db(transaction=True)


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
