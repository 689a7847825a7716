"""Portals of their own for one test: what a process started with these settings answers."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.data import ROOT

ASK = """
import json, django
django.setup()
from django.test import Client
answer = Client(headers={{"host": "localhost"}}).get({path!r})
print(json.dumps([answer.status_code, answer.json()]))
"""


def run_python(code: str, home: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Python inside the embedded settings of a portal at `home`."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("FIDUCIAL_")}
    ours = {
        "DJANGO_SETTINGS_MODULE": "fiducial.settings.embedded",
        "PYTHONPATH": f"{ROOT / 'platform'}{os.pathsep}{ROOT}",
        "FIDUCIAL_HOME": str(home),
    }
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=inherited | ours | environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def ask(path: str, home: Path, **environment: str) -> tuple[int, Any]:
    """The status and the JSON that a portal with these settings answers at `path`."""
    said = run_python(ASK.format(path=path), home, **environment)
    assert said.returncode == 0, said.stderr
    status, answer = json.loads(said.stdout.splitlines()[-1])
    return status, answer
