"""A portal says whether it is ready, names what is wrong, and gives no address or secret away."""

import http.server
import json
import os
import subprocess
import threading
from contextlib import contextmanager

import pytest
from django.test import Client

from tests.data import ROOT

from .processes import ask

NOBODY_LISTENS = "127.0.0.1:1"  # tcpmux, on no machine of this century


def test_a_portal_that_can_work_is_ready(tmp_path):
    assert ask("/health/live", tmp_path) == (200, {"alive": True})
    assert ask("/health/ready", tmp_path) == (200, {"ready": True, "problems": {}})
    assert [path.name for path in (tmp_path / "store").iterdir()] == []


@pytest.mark.parametrize(
    ("part", "environment"),
    [
        ("database", {"FIDUCIAL_DATABASE_URL": f"postgres://u:hush@{NOBODY_LISTENS}/fiducial"}),
        ("broker", {"FIDUCIAL_BROKER_URL": f"redis://:hush@{NOBODY_LISTENS}/0"}),
        ("disk", {"FIDUCIAL_FREE_FLOOR_BYTES": str(10**18)}),
    ],
)
def test_what_is_wrong_is_named_without_secrets(tmp_path, part, environment):
    status, answer = ask("/health/ready", tmp_path, **environment)
    assert (status, list(answer["problems"])) == (503, [part])
    assert "hush" not in json.dumps(answer)
    assert "127.0.0.1" not in json.dumps(answer)
    assert ask("/health/live", tmp_path, **environment) == (200, {"alive": True})


def test_a_store_that_cannot_be_written_is_named(tmp_path):
    # Nobody can make a folder in /proc, root neither.
    status, answer = ask("/health/ready", tmp_path, FIDUCIAL_STORE="/proc/no-store")
    assert status == 503
    assert sorted(answer["problems"]) == ["disk", "store"]
    assert answer["problems"]["store"].startswith("The store cannot be written: ")
    assert "/proc" not in json.dumps(answer)


def test_health_is_only_read():
    assert Client().post("/health/ready").status_code == 405


@contextmanager
def portal_that_answers(status, heard):
    class Portal(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            heard.append((self.path, self.headers["Host"]))
            self.send_response(status)
            self.end_headers()
            self.wfile.write(b'{"problems": {"store": "full"}}')

        def log_message(self, *words):
            """Say nothing."""

    with http.server.HTTPServer(("127.0.0.1", 0), Portal) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


@pytest.mark.parametrize(("status", "code"), [(200, 0), (503, 1)])
def test_the_check_of_a_container_asks_by_the_portals_own_name(status, code):
    heard = []
    with portal_that_answers(status, heard) as port:
        said = subprocess.run(
            [ROOT / "docker/entry/healthy"],
            env=os.environ
            | {"FIDUCIAL_BIND": f"0.0.0.0:{port}", "FIDUCIAL_HOSTS": "maps.example.org,other"},
            capture_output=True,
            text=True,
            check=False,
        )
    assert said.returncode == code
    assert heard == [("/health/ready", "maps.example.org")]
    assert ("full" in said.stderr) == (status == 503)
