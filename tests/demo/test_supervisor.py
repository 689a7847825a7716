"""The demo as a newcomer starts and stops it: real portal, real workers, a folder of its own."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from fiducial.demo import supervisor
from tests.data import ROOT

PATIENCE = 120


def _environment(home: Path) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("FIDUCIAL_", "DJANGO_"))}
    settings = {"DJANGO_SETTINGS_MODULE": "fiducial.settings.embedded", "PYTHONUNBUFFERED": "1"}
    return kept | settings | {"FIDUCIAL_HOME": str(home)}


def _start(home: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "manage.py", "demo"],
        cwd=ROOT,
        env=_environment(home),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _read_until(demo: subprocess.Popen[str], words: str) -> str:
    """The line that holds `words`; everything before it goes with the failure."""
    said = []
    for line in demo.stdout:
        said.append(line)
        if words in line:
            return line
    raise AssertionError("".join(said))


def _descendants(pid: int) -> list[int]:
    parents = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(status.parent.name)] = int(status.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    found = [pid]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found[1:]


def _living(pids: list[int]) -> list[int]:
    return [pid for pid in pids if Path(f"/proc/{pid}").exists()]


@pytest.fixture
def demo(tmp_path) -> Iterator[subprocess.Popen[str]]:
    started = _start(tmp_path)
    yield started
    started.kill()
    started.wait()


@pytest.mark.skipif(sys.platform != "linux", reason="counts processes in /proc")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_demo_ends_with_every_process_it_started(demo, number):
    address = _read_until(demo, "The portal is open at").split()[-1]
    with urllib.request.urlopen(address, timeout=PATIENCE) as page:
        assert "Fiducial" in page.read().decode()
    started = _descendants(demo.pid)
    assert len(started) >= 4  # portal and its process, two workers
    demo.send_signal(number)
    rest = demo.stdout.read()
    assert demo.wait(timeout=PATIENCE) == 0, rest
    assert "goes on" in rest
    assert _living(started) == []


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux's parent-death signal")
def test_demo_killed_outright_leaves_no_process_either(demo):
    _read_until(demo, "The portal is open at")
    started = _descendants(demo.pid)
    demo.kill()
    demo.wait()
    deadline = time.monotonic() + PATIENCE
    while _living(started) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert _living(started) == []


def test_demo_is_refused_where_one_is_running(demo, tmp_path):
    _read_until(demo, "The portal is open at")
    second = _start(tmp_path)
    said = second.communicate(timeout=PATIENCE)[0]
    assert second.returncode == 1
    assert "is running on" in said
    assert "FIDUCIAL_HOME=another/folder" in said


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_signal_that_came_while_python_cleaned_up_ends_the_demo_at_its_next_step():
    stage = supervisor.Stage(print)

    class Cleaned:
        def __del__(self) -> None:
            stage.stop(signal.SIGINT, None)

    Cleaned()  # whatever is raised here is lost
    with pytest.raises(supervisor.Stopped):
        stage.advance()


def test_free_port_is_another_where_the_usual_one_is_taken():
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            taken.bind((supervisor.HOST, supervisor.PORT))
        except OSError:
            pass  # somebody else holds it, which is the case to try
        else:
            taken.listen()
        port = supervisor.free_port()
        assert port != supervisor.PORT
        with socket.socket() as free:
            free.bind((supervisor.HOST, port))
