"""Every request and every step of a run is one line that names it, and no line holds a secret."""

import json
import os
import signal
import socket
import subprocess
import uuid
from pathlib import Path

import pytest

from tests.data import ROOT
from tests.factories.facility import answers, facility, wait_for

from .processes import run_python

JSON = {"DJANGO_SETTINGS_MODULE": "tests.portal.operations.json_settings"}
CELERYS_OWN = ("", "worker: Warm shutdown (MainProcess)")  # goes to stdout; the log is stderr
VISITS = """
import django
django.setup()
from django.core.management import call_command
call_command("migrate", interactive=False, verbosity=0)
from django.test import Client
from django.urls import reverse
from fiducial.accounts import services
from fiducial.accounts.models import User
ada = User.objects.create_user("ada", password="correct horse battery")
client = Client(headers={"host": "localhost"}, enforce_csrf_checks=True)
path = services.one_time_link(user=ada)
for visited in (path, path, path + "more/", path.rstrip("/")):
    client.get(visited, query_params={"secret": "hush"})
client.post(path)
client.post("/account/login/", {"login": "ada", "password": "correct horse battery"})
client.get("/you/", headers={"x-request-id": "from-the-proxy", "authorization": "Bearer hush"})
client.get("/runs/00000000-0000-4000-8000-000000000000/")
print(path.split("/")[2])
"""


def lines_of(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


@pytest.fixture(scope="module")
def visited(tmp_path_factory):
    said = run_python(VISITS, tmp_path_factory.mktemp("home"), **JSON)
    assert said.returncode == 0, said.stderr
    return said.stdout.strip(), said.stderr


def test_no_token_password_or_query_is_logged(visited):
    token, log = visited
    assert len(token) > 40
    for secret in (token, "hush", "correct horse"):
        assert secret not in log


def test_a_request_is_one_line_with_its_route_status_time_and_id(visited):
    lines = [line for line in lines_of(visited[1]) if "ms" in line]
    assert [(line["route"], line["status"]) for line in lines] == [
        ("once/<str:token>/", 302),
        ("once/<str:token>/", 302),
        ("(no such page)", 404),
        ("(no such page)", 301),
        ("once/<str:token>/", 403),
        ("account/login/", 403),
        ("you/", 200),
        ("runs/<uuid:pk>/", 404),
    ]
    assert len({line["request"] for line in lines}) == len(lines)
    assert lines[6] | {"time": "", "ms": 0} == {
        "time": "",
        "level": "info",
        "logger": "fiducial.operations.middleware",
        "message": "GET you/: 200",
        "method": "GET",
        "route": "you/",
        "status": 200,
        "ms": 0,
        "user": 1,
        "request": "from-the-proxy",
    }
    assert lines[7]["of"] == {"pk": "00000000-0000-4000-8000-000000000000"}


def test_what_django_says_of_a_request_names_its_route_only(visited):
    said = [line for line in lines_of(visited[1]) if line["logger"].startswith("django.")]
    forbidden = [line["message"] for line in said if line["logger"] == "django.security.csrf"]
    assert forbidden[0] == "Forbidden (CSRF token missing.): once/<str:token>/"


@pytest.mark.django_db
def test_the_id_of_a_request_is_handed_back_and_a_strange_one_replaced(client):
    assert client.get("/", headers={"x-request-id": "a-1"})["X-Request-ID"] == "a-1"
    strange = 'x" injected={}'
    made = client.get("/", headers={"x-request-id": strange})["X-Request-ID"]
    assert uuid.UUID(made)


def test_every_line_of_a_facilitys_portal_is_json(tmp_path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    log: Path = tmp_path / "log"
    facts = {
        "DJANGO_SETTINGS_MODULE": "fiducial.settings.facility",
        "FIDUCIAL_HOME": str(tmp_path),
        "FIDUCIAL_DATABASE_URL": f"sqlite:///{tmp_path}/fiducial.sqlite3",
        "FIDUCIAL_BROKER_URL": "redis://127.0.0.1:1/0",
        "FIDUCIAL_SECRET_KEY": "x" * 50,
        "FIDUCIAL_HOSTS": "127.0.0.1",
        "FIDUCIAL_BIND": address,
        "FIDUCIAL_PORTAL_PROCESSES": "1",
    }
    with log.open("wb") as output:
        portal = subprocess.Popen(
            [ROOT / "docker/entry/portal"], env=os.environ | facts, stdout=output, stderr=output
        )
    try:
        wait_for(lambda: answers(f"http://{address}/health/live"), "the portal", log)
    finally:
        portal.send_signal(signal.SIGTERM)
        assert portal.wait(timeout=60) == 0
    lines = lines_of(log.read_text())
    assert any(line["logger"] == "gunicorn.error" for line in lines)
    assert any(line.get("route") == "health/live" and line["status"] == 200 for line in lines)


def test_every_step_of_a_run_is_a_line_that_names_the_run(tmp_path):
    with facility(tmp_path, **JSON) as made:
        [run, broken] = made.submit(
            {"steps": 2, "pause": 0.05}, {"steps": 2, "pause": 0.05, "mood": "bug"}
        )
        worker = made.worker()
        made.wait_until(run, "succeeded")
        made.wait_until(broken, "failed")
        worker.stop()
    text = worker.log.read_text()
    lines = lines_of("\n".join(line for line in text.splitlines() if line not in CELERYS_OWN))

    def said(key: str) -> list[str]:
        return [line["message"] for line in lines if line.get("run") == key]

    first, *steps, last = [words for words in said(run) if words.startswith("Run ")]
    assert first.startswith(f"Run {run}: attempt 1, token 1, on first@")
    assert f"Run {run}: counting" in steps
    assert last == f"Run {run} succeeded"
    [failed] = [line for line in lines if line["message"] == f"Run {broken} failed"]
    assert failed["run"] == broken
    assert "Traceback" in failed["trace"]
