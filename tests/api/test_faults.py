"""Every fault of the API is a problem a program can tell apart and a person can read."""

import pytest

from fiducial.runs.models import Allotment
from tests.api.test_api import ask, detail
from tests.factories import people, runs, tokens

pytestmark = pytest.mark.django_db


def test_a_refusal_names_its_kind_and_every_parameter(member, measurement):
    body = {"measurement": str(measurement.pk), "parameters": {"factor": 3, "samples": 1}}
    response = member.post("/api/v1/runs", body, content_type="application/json")
    assert response["Content-Type"] == "application/problem+json"
    problem = response.json()
    assert problem["type"] == "urn:fiducial:problem:bad-parameters"
    assert problem["title"] == "The recipe cannot take these values"
    assert problem["status"] == response.status_code == 422
    assert [one["parameter"] for one in problem["errors"]] == ["factor", "samples"]
    assert problem["errors"][0]["detail"] in problem["detail"]


def test_a_malformed_request_hears_of_every_fault(member):
    problem = ask(member, "post", "/runs", {"measurement": "x", "seed": "y"}, status=422)
    assert [one["parameter"] for one in problem["errors"]] == ["body.measurement", "body.seed"]


@pytest.mark.parametrize(
    ("method", "path", "status", "sentence"),
    [
        ("get", "/nothing", 404, "There is no address /api/v1/nothing;"),
        ("get", "/runs/not-a-number", 404, "There is no address"),
        ("delete", "/runs", 405, "/api/v1/runs does not know DELETE."),
        ("post", "/runs", 400, "The body is not JSON."),
    ],
)
def test_what_no_route_answers_is_worded_too(member, method, path, status, sentence):
    send = getattr(member, method)
    broken = "{" if method == "post" else ""
    response = send(f"/api/v1{path}", broken, content_type="application/json")
    assert response.status_code == status
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["detail"].startswith(sentence)
    assert ("Allow" in response) == (status == 405)


def test_a_crash_is_worded_and_tells_no_secret(member, monkeypatch):
    def crash(user):
        raise RuntimeError("a secret of the server")

    monkeypatch.setattr("fiducial.runs.queries.visible_runs", crash)
    member.raise_request_exception = False
    said = detail(member, "get", "/runs", status=500)
    assert said == "Something broke on the server. Try again; tell the operator if it stays."


def test_pages_keep_their_own_faults(client):
    assert client.get("/nothing").headers["Content-Type"].startswith("text/html")


def test_who_asks_too_often_is_told_when_to_go_on(member, measurement, settings):
    settings.API_PER_MINUTE = 2
    answers = [member.get("/api/v1/runs") for _ in range(5)]
    slowed = next(answer for answer in answers if answer.status_code == 429)
    assert answers[0].status_code == 200
    assert 1 <= int(slowed["Retry-After"]) <= 60
    assert slowed.json()["detail"].startswith("You asked more than 2 times within a minute;")


def test_the_pace_of_one_person_is_not_another_ones(member, measurement, settings):
    settings.API_PER_MINUTE = 2
    for _ in range(5):
        member.get("/api/v1/runs")
    assert ask(tokens.program(people.person()), "get", "/runs")["count"] == 0


def test_an_answer_that_is_known_is_not_sent_again(member, measurement):
    run = runs.run(measurement)
    for path in ("/runs", f"/runs/{run.pk}", f"/measurements/{measurement.pk}", "/measurements"):
        first = member.get(f"/api/v1{path}")
        known = {"If-None-Match": first["ETag"]}
        again = member.get(f"/api/v1{path}", headers=known)
        assert (again.status_code, again.content) == (304, b"")
    run.stage = "training"
    run.save()
    assert member.get(f"/api/v1/runs/{run.pk}", headers=known).status_code == 200


def test_lists_come_in_pages(member, measurement):
    for _ in range(3):
        runs.run(measurement)
    page = ask(member, "get", "/runs?limit=2&offset=2")
    assert (page["count"], len(page["items"])) == (3, 1)
    assert "limit" in detail(member, "get", "/runs?limit=201", status=422)
    assert "offset" in detail(member, "get", "/runs?offset=99999999999999999999", status=422)


@pytest.mark.parametrize("text", ["a\x00b", "a\ud800b"])
def test_text_that_no_database_keeps_is_refused(member, measurement, text):
    body = {"lab": measurement.project.lab_id, "name": text}
    said = detail(member, "post", "/projects", body, status=400)
    assert said.startswith("Text cannot hold the character NUL")
    nested = {"measurement": str(measurement.pk), "parameters": {"channels": [text]}}
    detail(member, "post", "/runs", nested, status=400)
    detail(member, "get", "/trail?q=a%00b", status=400)


def test_a_full_quota_is_a_problem_of_its_own(member, measurement):
    project = measurement.project
    Allotment.objects.create(lab=project.lab, storage_gb=0.0)
    body = {"project": project.pk, "files": [{"path": "Si.txt", "size": 9}]}
    problem = ask(member, "post", "/measurements", body, status=507)
    assert problem["type"] == "urn:fiducial:problem:over-quota"
    assert "left in the store" in problem["detail"]
