"""Children of the demo end with it: asked to, hanging, orphaned, or when it is killed outright."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.data import ROOT

POLITE = """
import os, pathlib, sys, time
pathlib.Path(sys.argv[1]).write_text(str(os.getpid()))
time.sleep(120)
"""
# Ignores SIGTERM and has a child of its own in another session.
STUBBORN = """
import os, pathlib, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
hidden = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(120)"],
                          start_new_session=True)
pathlib.Path(sys.argv[1]).write_text(f"{os.getpid()} {hidden.pid}")
time.sleep(120)
"""
OWNER = """
import os, pathlib, sys, time
sys.path[:0] = ["platform", "."]
from fiducial.demo import processes
processes.PATIENCE = 1.0
family = processes.Family()
here = pathlib.Path(sys.argv[1])
family.start("child", [sys.executable, "-c", sys.argv[2], str(here / "pids")],
             env=os.environ, cwd=here, log=here / "log")
while not (here / "pids").exists() or not (here / "pids").read_text():
    time.sleep(0.05)
if sys.argv[3] == "end":
    family.end()
else:
    time.sleep(120)
"""


def _alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def _wait_until_gone(pids: list[int], seconds: float) -> list[int]:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and any(map(_alive, pids)):
        time.sleep(0.05)
    return [pid for pid in pids if _alive(pid)]


def test_end_leaves_nothing_of_a_child_that_hangs_and_hides_its_own(tmp_path):
    command = [sys.executable, "-c", OWNER, str(tmp_path), STUBBORN, "end"]
    subprocess.run(command, cwd=ROOT, check=True, timeout=30)
    pids = [int(pid) for pid in (tmp_path / "pids").read_text().split()]
    assert len(pids) == 2
    assert _wait_until_gone(pids, 1.0) == []


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux's parent-death signal")
def test_children_end_when_their_owner_is_killed_outright(tmp_path):
    owner = subprocess.Popen([sys.executable, "-c", OWNER, str(tmp_path), POLITE, "stay"], cwd=ROOT)
    pids = tmp_path / "pids"
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and not (pids.exists() and pids.read_text()):
        time.sleep(0.05)
    os.kill(owner.pid, signal.SIGKILL)
    owner.wait()
    assert _wait_until_gone([int(pids.read_text())], 5.0) == []
