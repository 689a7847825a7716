"""Audit windows asked for and brought by a program: a stage that scans by itself."""

import pytest
from django.test import Client

from fiducial.runs.models import Run
from tests.api.test_api import ask, detail
from tests.factories import audits, people

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(client: Client) -> Run:
    made = audits.audited_run(people.person())
    client.force_login(made.submitted_by)
    return made


def test_windows_are_read_rescanned_and_judged(client: Client, run: Run) -> None:
    (drawn,) = ask(client, "get", f"/measurements/{run.measurement_id}/audit-windows")["items"]
    assert drawn["kind"] == "drawn"
    assert drawn["blind"]
    assert len(drawn["windows"]) == 16
    files = [{"path": f"{n}/Si.txt", "size": 9} for n in range(1, 17)]
    address = f"/audit-windows/{drawn['id']}/rescans"
    upload = ask(client, "post", address, {"files": files}, status=201)
    assert len(upload["files"]) == 16
    assert "Window 3 is missing" in detail(
        client, "post", address, {"files": files[:2] + files[3:]}, status=400
    )
    assert ask(client, "get", f"/runs/{run.pk}/audits")["items"] == []
    audits.judged(run.measurement.placements.get())
    (judged,) = ask(client, "get", f"/runs/{run.pk}/audits")["items"]
    assert judged["state"] == "done"
    assert judged["result"]["auditing"] == 8


def test_windows_of_another_lab_are_not_there(client: Client, run: Run) -> None:
    placement = run.measurement.placements.get()
    client.force_login(people.person())
    files = {"files": [{"path": "1/Si.txt", "size": 9}]}
    for method, path, body in (
        ("get", f"/measurements/{run.measurement_id}/audit-windows", None),
        ("get", f"/runs/{run.pk}/audits", None),
        ("post", f"/audit-windows/{placement.pk}/rescans", files),
    ):
        ask(client, method, path, body, status=404)
