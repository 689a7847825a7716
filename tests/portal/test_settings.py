"""A facility refuses to start on guesses; a single machine makes its own secret."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.data import ROOT

SECRETS = {
    "FIDUCIAL_SECRET_KEY": "x" * 50,
    "FIDUCIAL_DATABASE_URL": "postgres://fiducial@localhost/fiducial",
    "FIDUCIAL_BROKER_URL": "redis://localhost:6379/0",
    "FIDUCIAL_HOSTS": "maps.lab.example",
}


def load(settings: str, home: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    script = (
        "from django.conf import settings as s; "
        "print(s.SECRET_KEY, s.DEBUG, s.SESSION_COOKIE_SECURE, s.ALLOWED_HOSTS)"
    )
    return subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT / "platform",
        env={
            "PATH": os.environ["PATH"],
            "DJANGO_SETTINGS_MODULE": f"fiducial.settings.{settings}",
            "FIDUCIAL_HOME": str(home),
            **environment,
        },
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("missing", SECRETS)
def test_facility_does_not_start_without_a_secret(tmp_path: Path, missing: str) -> None:
    given = {name: value for name, value in SECRETS.items() if name != missing}

    ended = load("facility", tmp_path, **given)

    assert ended.returncode == 1
    assert f"Set {missing} before starting the facility portal." in ended.stderr


def test_facility_starts_with_secure_cookies(tmp_path: Path) -> None:
    ended = load("facility", tmp_path, **SECRETS)

    assert ended.stdout.split(maxsplit=1) == [
        SECRETS["FIDUCIAL_SECRET_KEY"],
        "False True ['maps.lab.example']\n",
    ]


def test_embedded_makes_one_secret_that_others_cannot_read(tmp_path: Path) -> None:
    first, second = load("embedded", tmp_path), load("embedded", tmp_path)

    assert first.stdout == second.stdout
    assert len(first.stdout.split()[0]) > 50
    assert (tmp_path / "secret-key").stat().st_mode & 0o077 == 0
