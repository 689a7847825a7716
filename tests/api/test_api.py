"""The public API, asked as a program would."""

import hashlib
import json
import re

import pytest
from django.test import Client
from ninja.constants import NOT_SET

from fiducial.api.v1 import api
from fiducial.measurements.models import Measurement
from fiducial.runs.models import Run
from tests.data import ROOT
from tests.factories import finished_runs, measurements, people, runs

V1 = "/api/v1"
COARSE = {"factor": 4, "sampling": "binned"}


def operations():
    for _, router in api._routers:
        for view in router.path_operations.values():
            yield from view.operations


def ask(client: Client, method: str, path: str, body: object = None, *, status: int = 200):
    """Send JSON, expect a status; returns the answer."""
    send = getattr(client, method)
    response = send(V1 + path, body, content_type="application/json") if body else send(V1 + path)
    assert response.status_code == status, response.content
    return response.json() if response.content else None


def detail(client: Client, method: str, path: str, body: object = None, *, status: int) -> str:
    answer = ask(client, method, path, body, status=status)
    assert answer["status"] == status
    assert answer["type"].startswith("urn:fiducial:problem:")
    return answer["detail"]


def test_every_route_states_how_one_signs_in():
    found = list(operations())
    assert len(found) == 51
    assert [one.view_func.__name__ for one in found if one.auth_param in (NOT_SET, None)] == []


def test_every_route_has_a_sentence_for_its_documentation():
    assert [one.view_func.__name__ for one in operations() if not one.view_func.__doc__] == []


@pytest.mark.django_db
def test_no_route_answers_somebody_who_is_signed_out(client):
    told = {"pk": "00000000-0000-0000-0000-000000000000", "kind": "text"}
    for path, methods in api.get_openapi_schema()["paths"].items():
        address = re.sub(r"{(\w+)}", lambda name: told.get(name[1], "1"), path)
        for method in methods:
            response = getattr(client, method)(address)
            assert response.status_code == 401, (method, path)
            assert response["WWW-Authenticate"] == "Bearer"
            assert response.json()["detail"] == "You are signed out. Sign in and try again."


def test_a_change_without_the_csrf_token_is_refused(measurement):
    careless = Client(enforce_csrf_checks=True)
    careless.force_login(measurement.uploaded_by)
    said = detail(careless, "post", "/runs", {"measurement": str(measurement.pk)}, status=403)
    assert said.startswith("The CSRF token is missing or wrong")


def test_recipes_tell_what_they_ask_for(member):
    recipes = {recipe["name"]: recipe for recipe in ask(member, "get", "/recipes")["items"]}
    parameters = {one["name"]: one for one in recipes["xray-ensemble"]["parameters"]}
    assert [choice["value"] for choice in parameters["factor"]["choices"]] == [1, 2, 4, 8]
    assert (parameters["samples"]["minimum"], parameters["samples"]["maximum"]) == (16, 64)


def test_a_run_is_queued_followed_cancelled_and_retried(member, measurement):
    body = {"measurement": str(measurement.pk), "parameters": COARSE, "seed": 4}
    run = ask(member, "post", "/runs", body, status=201)
    assert (run["state"], run["place"], run["seed"]) == ("queued", 1, 4)
    assert run["parameters"]["channels"] == ["Si", "Fe"]
    assert run["detail"].startswith("No worker is running just now.")
    assert ask(member, "get", f"/runs/{run['id']}") == run

    cancelled = ask(member, "post", f"/runs/{run['id']}/cancel")
    assert cancelled["state"] == "cancelled"
    retry = ask(member, "post", f"/runs/{run['id']}/retry", status=201)
    assert (retry["retry_of"], retry["parameters"]) == (run["id"], run["parameters"])
    assert ask(member, "get", "/runs")["count"] == 2
    assert ask(member, "get", "/runs?state=queued")["items"] == [retry]


@pytest.mark.parametrize("count", [1, 3])
def test_runs_are_listed_in_a_fixed_number_of_queries(
    member, measurement, django_assert_num_queries, count
):
    for _ in range(count):
        runs.run(measurement)
    ask(member, "get", "/runs")  # the first request of somebody makes the row that counts theirs
    with django_assert_num_queries(18):
        assert ask(member, "get", "/runs")["count"] == count


@pytest.mark.parametrize(
    ("body", "status", "sentence"),
    [
        ({"parameters": {"factor": 3}}, 422, "How much finer: “3” is not a choice"),
        ({"recipe": "alchemy"}, 400, "There is no recipe “alchemy”"),
        ({"seed": "x"}, 422, "body.seed: Input should be a valid integer"),
        ({"measurement": "x"}, 422, "body.measurement: Input should be a valid UUID"),
    ],
)
def test_what_cannot_be_queued_is_refused_with_one_sentence(
    member, measurement, body, status, sentence
):
    asked = {"measurement": str(measurement.pk), **body}
    assert sentence in detail(member, "post", "/runs", asked, status=status)


def test_what_is_over_cannot_be_cancelled(member, measurement):
    over = runs.run(measurement, state="failed")
    assert detail(member, "post", f"/runs/{over.pk}/cancel", status=400).startswith("This run has")


def test_a_reviewer_reads_and_changes_nothing(client, measurement):
    reviewer, run = people.person(), runs.run(measurement)
    measurement.project.lab.memberships.create(user=reviewer, role="reviewer")
    client.force_login(reviewer)
    assert ask(client, "get", f"/runs/{run.pk}")["state"] == "queued"
    said = detail(client, "post", f"/runs/{run.pk}/cancel", status=403)
    assert said.startswith("Only owners and members")
    assert Run.objects.get().state == "queued"


def test_what_belongs_to_another_lab_is_not_there(client, measurement):
    run = runs.run(measurement)
    client.force_login(people.person())
    for method, path in [
        ("get", f"/runs/{run.pk}"),
        ("post", f"/runs/{run.pk}/cancel"),
        ("post", f"/runs/{run.pk}/retry"),
        ("get", f"/measurements/{measurement.pk}"),
        ("get", f"/measurements/{measurement.pk}/upload"),
        ("post", f"/measurements/{measurement.pk}/complete"),
    ]:
        assert "no such thing" in detail(client, method, path, status=404)
    body = {"measurement": str(measurement.pk)}
    assert "no such thing" in detail(client, "post", "/runs", body, status=404)
    for path in ("/runs", "/measurements", "/projects", "/reports"):
        assert ask(client, "get", path) == {"items": [], "count": 0}


def test_measurements_are_listed_by_project(member, measurement):
    other = measurements.project(measurement.project.lab)
    measurements.ready(other, measurement.uploaded_by)
    assert ask(member, "get", "/measurements")["count"] == 2
    listed = ask(member, "get", f"/measurements?project={measurement.project_id}")["items"]
    assert listed == [ask(member, "get", f"/measurements/{measurement.pk}")]
    assert listed[0]["summary"]["channels"] == ["Si", "Fe"]
    assert {row["name"] for row in ask(member, "get", "/projects")["items"]} == {
        measurement.project.name, other.name,
    }  # fmt: skip


def test_a_file_is_uploaded_in_parts_and_handed_to_the_reader(member, measurement):
    content = b"1 2\n3 4\n"
    asked = {
        "project": measurement.project_id,
        "files": [{"path": "Si.txt", "size": len(content)}],
    }
    upload = ask(member, "post", "/measurements", asked, status=201)
    assert ask(member, "post", "/measurements", asked) == upload  # continued, not made twice
    [file] = upload["files"]
    assert file["missing"] == [0]
    said = detail(member, "post", f"/measurements/{upload['id']}/complete", status=409)
    assert said.startswith("1 parts of Si.txt have not arrived")

    part = f"{V1}/measurements/{upload['id']}/files/{file['id']}/parts/0"
    wrong = member.put(part, content, headers={"X-Content-SHA256": "0" * 64})
    assert (wrong.status_code, "was damaged" in wrong.json()["detail"]) == (422, True)
    digest = hashlib.sha256(content).hexdigest()
    assert member.put(part, content, headers={"X-Content-SHA256": digest}).status_code == 204
    assert ask(member, "get", f"/measurements/{upload['id']}/upload")["files"][0]["missing"] == []

    done = ask(member, "post", f"/measurements/{upload['id']}/complete")
    assert done["state"] == "quarantined"
    assert Measurement.objects.get(pk=upload["id"]).name == "Si"


def test_a_finished_run_is_frozen_into_a_report(client, db):
    run = finished_runs.finished_run()
    client.force_login(run.submitted_by)
    report = ask(client, "post", f"/runs/{run.pk}/reports", {"title": "Grains"}, status=201)
    assert (report["run"], report["version"], report["title"]) == (str(run.pk), 1, "Grains")
    assert len(report["content_hash"]) == 64
    assert ask(client, "get", f"/reports/{report['id']}") == report
    assert ask(client, "get", f"/reports?run={run.pk}")["items"] == [report]


def test_a_run_that_has_not_succeeded_is_not_frozen(member, measurement):
    path = f"/runs/{runs.run(measurement).pk}/reports"
    assert detail(member, "post", path, {"title": ""}, status=400)


def test_the_schema_is_served_without_scripts_from_elsewhere(client, db):
    assert client.get(f"{V1}/openapi.json").json()["info"]["title"] == "Fiducial"
    assert client.get(f"{V1}/docs").status_code == 404


def test_the_docs_name_every_route():
    named = set()
    for methods, path in re.findall(
        r"^\| `([A-Z ]+) (/\S+)`", (ROOT / "docs/api.md").read_text(), re.M
    ):
        named |= {(method.lower(), f"{V1}{path}") for method in methods.split()}
    paths = api.get_openapi_schema()["paths"]
    assert named == {(method, path) for path, methods in paths.items() for method in methods}


def test_the_schema_refers_only_to_what_it_holds():
    schema = api.get_openapi_schema()
    named = set(re.findall(r'"\$ref": "([^"]+)"', json.dumps(schema)))
    held = {f"#/components/schemas/{name}" for name in schema["components"]["schemas"]}
    assert named <= held
