"""Teaching a network from the page of a map, and the model that comes of it."""

import pytest

from fiducial.accounts.models import Membership
from fiducial.runs.models import Run
from tests.browser.conftest import DESKTOP, PHONE
from tests.factories import lessons, people

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desk", "telephone"])
def test_a_lab_teaches_keeps_and_promotes_a_network(visit, viewport):
    on, judge = lessons.pair()
    owner = people.person()
    Membership.objects.create(lab=on.project.lab, user=owner, role="owner")
    page = visit(owner, on.get_absolute_url(), viewport=viewport)
    page.get_by_role("link", name="Teach a network with this map").click()
    page.get_by_label("Judge by").select_option(label=judge.name)
    page.get_by_text("×2 · cells of 2 × 2").click()
    page.get_by_label("Steps of learning").fill("10")
    page.get_by_text("An estimate for two CPU cores.").wait_for()
    page.get_by_role("button", name="Queue this run").click()
    page.get_by_text("This page follows by itself").wait_for()
    assert Run.objects.get().parameters["judge"] == f"{judge.pk}@1"

    run = lessons.finished(on, judge)
    page.goto(page.url.replace(page.url.split("/runs/")[1], f"{run.pk}/"))
    page.locator(".curve-figure .scatterlayer .trace").nth(1).wait_for()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_label("Name").fill("Our olivine")
    page.get_by_role("button", name="Keep this network").click()
    page.get_by_role("button", name="Promote").click()
    page.get_by_role("button", name="Retire").wait_for()
    page.locator(".curve-figure .scatterlayer .trace").nth(1).wait_for()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("link", name="Models").click()
    page.get_by_role("link", name="Our olivine").wait_for()
