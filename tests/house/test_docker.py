"""Images, compose and units name things that exist; the scripts they start are started here."""

import configparser
import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import time
import urllib.request
from contextlib import closing
from pathlib import Path

import pytest
import yaml

from tests.data import ROOT

DOCKER = ROOT / "docker"
COMPOSE = yaml.safe_load((DOCKER / "compose.yaml").read_text())
SETTINGS = "".join(p.read_text() for p in (ROOT / "platform/fiducial/settings").glob("*.py"))
ENTRIES = "".join(p.read_text() for p in (DOCKER / "entry").iterdir())


def known_variable(name: str) -> bool:
    # facility.py demands some by their short name
    short = name.removeprefix("FIDUCIAL_")
    return f'"{name}"' in SETTINGS or f'"{short}"' in SETTINGS or f"${{{name}:-" in ENTRIES


def test_compose_starts_every_part_of_a_facility():
    assert sorted(COMPOSE["services"]) == [
        *("broker", "bucket", "database", "ingest", "objects", "portal", "prepare"),
        *("worker-cpu", "worker-gpu"),
    ]


def test_compose_builds_targets_the_dockerfile_has():
    stages = set(re.findall(r"^FROM \S+ AS (\S+)", (DOCKER / "Dockerfile").read_text(), re.M))
    built = [service["build"] for service in COMPOSE["services"].values() if "build" in service]
    assert {build["target"] for build in built} == stages - {"base"}
    for build in built:
        assert (DOCKER / build["context"] / build["dockerfile"]).is_file()


def test_compose_and_dockerfile_start_scripts_that_can_be_started():
    services = COMPOSE["services"].values()
    ours = [s for s in services if "build" in s]
    named = {s["entrypoint"][0] for s in ours if "entrypoint" in s}
    named |= set(re.findall(r'ENTRYPOINT \["([^"]+)"\]', (DOCKER / "Dockerfile").read_text()))
    assert named == {"docker/entry/portal", "docker/entry/prepare", "docker/entry/worker"}
    for script in named:
        assert os.access(ROOT / script, os.X_OK)
        subprocess.run(["sh", "-n", ROOT / script], check=True)


def test_variables_given_to_services_are_read_by_somebody():
    given = set(re.findall(r"FIDUCIAL_\w+", (DOCKER / "compose.yaml").read_text()))
    given |= set(re.findall(r"FIDUCIAL_\w+", (DOCKER / "example.env").read_text()))
    for unit in (DOCKER / "systemd").iterdir():
        given |= set(re.findall(r"FIDUCIAL_\w+", unit.read_text()))
    assert sorted(name for name in given if not known_variable(name)) == []


def test_compose_waits_only_for_services_it_has():
    services = COMPOSE["services"]
    for service in services.values():
        for other, how in service.get("depends_on", {}).items():
            assert other in services
            if how["condition"] == "service_healthy":
                assert "healthcheck" in services[other]


@pytest.mark.parametrize("unit", sorted(p.name for p in (DOCKER / "systemd").iterdir()))
def test_unit_starts_a_script_that_exists(unit):
    parsed = configparser.ConfigParser(strict=False, interpolation=None)
    parsed.optionxform = str
    parsed.read(DOCKER / "systemd" / unit)
    script = parsed["Service"]["ExecStart"].removeprefix("/opt/fiducial/")
    assert os.access(ROOT / script, os.X_OK)
    assert parsed["Service"]["User"] == "fiducial"


def environment(home, **more: str) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("FIDUCIAL_", "DJANGO_"))}
    settings = "fiducial.settings.embedded"
    return kept | {"FIDUCIAL_HOME": str(home), "DJANGO_SETTINGS_MODULE": settings} | more


@pytest.fixture
def prepared(tmp_path):
    entry = DOCKER / "entry/prepare"
    subprocess.run([entry], env=environment(tmp_path), check=True, capture_output=True, timeout=120)
    return tmp_path


def _end(process: subprocess.Popen[bytes]) -> int:
    process.send_signal(signal.SIGTERM)
    return process.wait(timeout=60)


def test_portal_entry_serves_a_page_and_its_styles(prepared, tmp_path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    more = {"FIDUCIAL_BIND": address, "FIDUCIAL_PORTAL_PROCESSES": "1"}
    portal = subprocess.Popen(
        [DOCKER / "entry/portal"],
        env=environment(prepared, **more),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        page = _await(f"http://{address}/", portal)
        assert "Fiducial" in page
        style = re.search(r'href="(/static/css/\S+?\.css)"', page)
        assert "--accent" in _await(f"http://{address}{style[1]}", portal)
    finally:
        assert _end(portal) == 0


def _await(address: str, server: subprocess.Popen[bytes]) -> str:
    deadline = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(address, timeout=10) as answer:
                return answer.read().decode()
        except OSError:
            if server.poll() is not None or time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def test_worker_entry_says_it_lives_and_for_which_lanes_and_ends_when_asked(prepared):
    log = prepared / "worker.log"
    more = {"FIDUCIAL_QUEUES": "compute", "FIDUCIAL_WORKER_NAME": "tried"}
    more["FIDUCIAL_LANES"] = "beamtime,interactive"
    known = environment(prepared, **more)
    known.pop("OMP_NUM_THREADS", None)
    with log.open("wb") as output:
        worker = subprocess.Popen(
            [DOCKER / "entry/worker"],
            env=known,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        deadline = time.monotonic() + 60
        while b"ready" not in log.read_bytes():
            assert worker.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.2)
        while not (lanes := _announced(prepared)):
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.2)
        assert lanes == [["beamtime", "interactive"]]
        # Workers side by side that all take every core wait for each other's threads.
        assert b"OMP_NUM_THREADS=2" in Path(f"/proc/{worker.pid}/environ").read_bytes()
    finally:
        assert _end(worker) == 0, log.read_text()


def _announced(home: Path) -> list[list[str]]:
    with closing(sqlite3.connect(home / "fiducial.sqlite3")) as database:
        return [json.loads(row[0]) for row in database.execute("SELECT lanes FROM runs_worker")]
