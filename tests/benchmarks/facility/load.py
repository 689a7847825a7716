"""Two hundred people at once: how long they wait for pages and tiles.

Locust plays them, on the same cores as the portal, PostgreSQL and Redis.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.factories.facility import ROOT, Facility

from . import machines

PEOPLE, COME_PER_SECOND = 200, 20
SECONDS = 75  # after everybody has come
SCENE = """
from tests.benchmarks.facility import scene
answer = scene.built()
"""


def load() -> dict[str, Any]:
    """The figures of `visitors.write`, and how busy the machine was."""
    with machines.deployed() as made:
        scene = made.home / "scene.json"
        scene.write_text(json.dumps(made.shell(SCENE, machines.PATIENCE)))
        portal, address = machines.portal(made)
        before = machines.cpu_seconds(portal)
        played = _played(made, address)
        used = machines.cpu_seconds(portal) - before
        told = (made.home / "portal.log").read_text().count('"route"')
    # However busy the machine: what an answer costs the portal's processes, coming people included.
    return {"people": PEOPLE, "portal_cpu_ms": 1000 * used / max(told, 1), **played}


def _played(made: Facility, address: str) -> dict[str, Any]:
    figures = made.home / "figures.json"
    command = [sys.executable, "-m", "locust", "--headless", "--reset-stats", "--only-summary"]
    command += ["-f", str(Path(__file__).with_name("visitors.py")), "--host", address]
    command += ["-u", str(PEOPLE), "-r", str(COME_PER_SECOND)]
    command += ["-t", f"{SECONDS + PEOPLE // COME_PER_SECOND}s"]
    known = {"SCENE": str(made.home / "scene.json"), "FIGURES": str(figures)}
    log = made.home / "locust.log"
    with log.open("wb") as output:
        subprocess.run(
            command, env=os.environ | known, cwd=ROOT, stdout=output, stderr=output, check=False
        )
    assert figures.exists(), log.read_text()[-3000:]
    return json.loads(figures.read_text())
