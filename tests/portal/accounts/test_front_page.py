from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from fiducial.accounts.models import User
from fiducial.measurements.models import Measurement
from fiducial.runs.models import Run
from tests.factories.measurements import project, ready
from tests.factories.people import lab, person

pytestmark = pytest.mark.django_db


def add_run(measurement: Measurement, user: User, **facts: object) -> Run:
    return Run.objects.create(
        measurement=measurement,
        measurement_revision=1,
        recipe="xray-ensemble",
        submitted_by=user,
        parameters={"factor": 4, "sampling": "binned", "channels": ["Si"], "samples": 16},
        **facts,
    )


def fill(user: User, items: int) -> None:
    mine = project(lab(member=user))
    now = timezone.now()
    for number in range(items):
        asking = ready(mine, user, name=f"Asking {number}")
        asking.state = Measurement.State.ATTENTION
        asking.problems = [
            {"severity": "question", "where": "", "what": "No pixel size.", "do": "Give it."}
        ]
        asking.save()
        made = ready(mine, user, name=f"Map {number}")
        add_run(made, user, state="failed", finished=now, error="Out of memory.")
        add_run(made, user, state="running", stage="drawing samples", fraction=0.5, started=now)
        add_run(
            made,
            user,
            state="succeeded",
            started=now - timedelta(seconds=9),
            finished=now,
            summary={"factor": 4, "verdict": ["Limited by noise."]},
        )


def test_front_page_tells_a_stranger_what_this_is(client: Client) -> None:
    page = client.get("/").content.decode()

    for words in ("Plan a session", "Try your own map", "Open a real report", "Sign in"):
        assert words in page


@pytest.mark.parametrize("items", [1, 3])
def test_front_page_lists_what_waits_and_why_in_a_fixed_number_of_queries(
    client: Client, items: int, django_assert_num_queries: Any
) -> None:
    user = person()
    fill(user, items)
    client.force_login(user)

    with django_assert_num_queries(19):
        page = client.get("/").content.decode()

    assert page.count("No pixel size. Give it.") == items
    assert page.count("Out of memory.") == items
    assert page.count("drawing samples") == items
    assert page.count("Limited by noise.") == items


def test_a_result_without_a_factor_or_a_verdict_is_listed_without_them(client: Client) -> None:
    user = person()
    made = ready(project(lab(member=user)), user, name="Lesson")
    now = timezone.now()
    add_run(made, user, state="succeeded", started=now, finished=now, summary={"seconds": 9})
    client.force_login(user)

    page = client.get("/").content.decode()

    assert "Lesson" in page
    assert "None" not in page
    assert "×" not in page


def test_front_page_of_a_newcomer_leads_to_a_project(client: Client) -> None:
    client.force_login(person())

    assert "Nothing is here for you yet" in client.get("/").content.decode()


def test_under_way_is_asked_for_until_nothing_is(client: Client) -> None:
    user = person()
    fill(user, 1)
    client.force_login(user)

    busy = client.get("/under-way/")
    Run.objects.update(state="succeeded")
    idle = client.get("/under-way/")

    assert 'hx-trigger="load delay:3s"' in busy.content.decode()
    assert "50 %" in busy.content.decode()
    assert (idle.status_code, idle["HX-Refresh"]) == (204, "true")


def test_example_leads_home_until_a_report_is_frozen(client: Client) -> None:
    client.force_login(person())

    page = client.get("/example/", follow=True)

    assert page.redirect_chain == [("/", 302)]
    assert "No report has been frozen here yet" in page.content.decode()
