"""The page that compares estimators, on desk and telephone."""

import pytest

from fiducial.runs.models import Run
from tests.browser.conftest import DESKTOP, PHONE
from tests.factories import people
from tests.factories.finished_runs import finished_run
from tests.runs.test_comparing import answered

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def run() -> Run:
    run = finished_run(people.person(), name="Ooid B3")
    answered(run, width=0.8)
    answered(run, width=1.3, parameters={"estimator": "latent"})
    return run


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desk", "telephone"])
def test_three_estimators_are_drawn_and_fit_the_screen(visit, run, viewport):
    address = f"/measurements/{run.measurement_id}/compare/"
    page = visit(run.submitted_by, address, viewport=viewport)
    page.locator(".compare-figure .scatterlayer .trace").nth(2).wait_for()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("button", name="accuracy").click()
    page.get_by_text("1 dB is 11 % less error").wait_for()
