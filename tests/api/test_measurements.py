"""What the pages of projects and measurements do, done by a program."""

import pytest
from django.test import Client

from fiducial.measurements.models import Measurement
from tests.api.test_api import ask, detail
from tests.factories import people, runs

pytestmark = pytest.mark.django_db
TABLE = (
    "standard,element,wt_percent,counts,uncertainty\n"
    "olivine,Si,19.0,900,9\nhaematite,Fe,69.9,2200,15\n"
)


def test_a_project_is_opened(member: Client, measurement: Measurement) -> None:
    body = {"lab": measurement.project.lab_id, "name": "Chondrules"}
    made = ask(member, "post", "/projects", body, status=201)
    assert (made["name"], made["lab"]) == ("Chondrules", measurement.project.lab.name)
    assert ask(member, "get", f"/projects/{made['id']}") == made
    assert "already" in detail(member, "post", "/projects", body, status=400)


def test_a_measurement_is_corrected_and_read_again(member, measurement):
    said = {"pixel_size_um": 1.5, "channels": {"a.txt": "Mg", "b.txt": "skip"}}
    answer = ask(member, "put", f"/measurements/{measurement.pk}/corrections", said)
    assert answer["state"] == "quarantined"
    measurement.refresh_from_db()
    assert measurement.answers == said
    assert "being read" in detail(
        member, "put", f"/measurements/{measurement.pk}/corrections", said, status=400
    )


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"channels": {"a.txt": "Xx"}}, "“Xx” is no element"),
        ({"pixel_size_um": 0}, "greater than or equal to 0.0001"),
        ({"sampling": "twice"}, "Input should be 'fine'"),
    ],
)
def test_a_wrong_correction_is_refused(member, measurement, said, sentence):
    path = f"/measurements/{measurement.pk}/corrections"
    answer = ask(member, "put", path, said, status=422)
    assert any(sentence in one["detail"] for one in answer["errors"])


def test_a_measurement_is_deleted_unless_a_run_stands_on_it(member, measurement):
    run = runs.run(measurement)
    path = f"/measurements/{measurement.pk}"
    assert "1 run stands on it" in detail(member, "delete", path, status=400)
    run.delete()
    ask(member, "delete", path, status=204)
    ask(member, "get", path, status=404)


def test_standards_are_given_and_taken_back(member, measurement):
    path = f"/measurements/{measurement.pk}/standards"
    ask(member, "put", path, {"table": TABLE}, status=204)
    assert measurement.standards.get().name == "standards.csv"
    assert "Nothing was changed" in detail(member, "put", path, {"table": "x"}, status=400)
    ask(member, "delete", path, status=204)
    assert not measurement.standards.exists()


def test_a_reviewer_changes_nothing_and_a_stranger_sees_nothing(client, measurement):
    reviewer = people.person()
    measurement.project.lab.memberships.create(user=reviewer, role="reviewer")
    path = f"/measurements/{measurement.pk}"
    asked = [
        ("put", f"{path}/corrections", {"pixel_size_um": 1}),
        ("delete", path, None),
        ("put", f"{path}/standards", {"table": TABLE}),
        ("delete", f"{path}/standards", None),
    ]
    for user, status in ((reviewer, 403), (people.person(), 404)):
        client.force_login(user)
        for method, address, body in asked:
            detail(client, method, address, body, status=status)
    measurement.refresh_from_db()
    assert measurement.state == "ready"
