from typing import Any

import pytest
from django.test import Client

from fiducial.accounts.models import User
from fiducial.errors import Refused
from fiducial.measurements import services
from fiducial.measurements.models import Measurement, Project
from tests.factories.measurements import project as make_project
from tests.factories.measurements import quarantined, ready, uploading
from tests.factories.people import lab, person

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("items", [1, 3])
def test_project_list_needs_as_many_queries_for_any_length(
    browser: Client, member: User, items: int, django_assert_num_queries: Any
) -> None:
    mine = lab(member=member, owner=person())
    for number in range(items):
        ready(make_project(mine, f"Project {number} of many"), member)

    with django_assert_num_queries(7):
        page = browser.get("/projects/").content.decode()

    assert page.count("of many") == items
    assert page.count("1 measurement,") == items


@pytest.mark.parametrize("items", [1, 3])
def test_project_page_needs_as_many_queries_for_any_length(
    browser: Client, project: Project, member: User, items: int, django_assert_num_queries: Any
) -> None:
    for number in range(items):
        ready(project, member, name=f"Map {number} of many")

    with django_assert_num_queries(7):
        page = browser.get(f"/projects/{project.pk}/").content.decode()

    assert page.count("of many") == items
    assert page.count("Si Fe · 32 × 24 pixels") == items


def test_project_page_says_why_a_measurement_is_stuck(browser: Client, project: Project) -> None:
    stuck = quarantined(project, {"x.npy": b"?"})
    stuck.state = Measurement.State.REFUSED
    stuck.problems = [{"severity": "refused", "where": "x.npy", "what": "A pickle.", "do": "Save."}]
    stuck.save()

    page = browser.get(f"/projects/{project.pk}/").content.decode()

    assert "could not be read" in page
    assert "A pickle. Save." in page


def test_upload_page_states_limits_and_unfinished_uploads(
    browser: Client, project: Project, member: User
) -> None:
    uploading(project, member, name="Half way")
    uploading(project, person(), name="Of a colleague")

    page = browser.get(f"/projects/{project.pk}/upload/").content.decode()

    assert "At most 2.0\xa0GB and 2000 files" in page
    assert "Half way" in page
    assert "Of a colleague" not in page


def test_member_opens_a_project(browser: Client, member: User) -> None:
    mine = lab(member=member)

    answer = browser.post("/projects/", {"name": " Ooids ", "lab": mine.pk})

    made = Project.objects.get(name="Ooids")
    assert answer["Location"] == f"/projects/{made.pk}/"
    again = browser.post("/projects/", {"name": "ooids", "lab": mine.pk})
    assert "has a project called “ooids” already" in again.content.decode()


def test_project_cannot_be_opened_in_a_foreign_lab(browser: Client, project: Project) -> None:
    foreign = lab(owner=person())

    answer = browser.post("/projects/", {"name": "Ooids", "lab": foreign.pk})

    assert answer.status_code == 200
    assert not foreign.projects.exists()


def test_reviewer_cannot_open_a_project() -> None:
    reviewer = person()

    with pytest.raises(Refused, match="Only owners and members"):
        services.create_project(lab=lab(reviewer=reviewer), user=reviewer, name="Ooids")


def test_reviewer_reads_a_project_without_its_buttons(client: Client) -> None:
    reviewer = person()
    project = make_project(lab(reviewer=reviewer))
    made = ready(project)
    client.force_login(reviewer)

    pages = [client.get(f"/projects/{project.pk}/"), client.get(f"/measurements/{made.pk}/")]

    for page in pages:
        assert page.status_code == 200
        assert "Add a measurement" not in page.content.decode()
        assert "Delete this measurement" not in page.content.decode()
    assert client.get(f"/projects/{project.pk}/upload/")["Location"] == f"/projects/{project.pk}/"
