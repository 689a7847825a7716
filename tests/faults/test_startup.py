"""A worker that would break a promise of the queue does not start."""

import os
import subprocess
import sys

import pytest

from tests.factories.facility import ROOT


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--concurrency", "2"], "concurrency must be 1"),
        (["--pool", "solo"], "the pool must be prefork"),
        (["--prefetch-multiplier", "4"], "the prefetch multiplier must be 1"),
    ],
)
def test_wrong_worker_options_are_refused_with_the_reason(tmp_path, options, reason):
    command = [sys.executable, "-m", "celery", "-A", "fiducial.celery", "worker", *options]
    tried = subprocess.run(
        command,
        env={
            **os.environ,
            "PYTHONPATH": f"{ROOT / 'platform'}{os.pathsep}{ROOT}",
            "DJANGO_SETTINGS_MODULE": "fiducial.settings.embedded",
            "FIDUCIAL_HOME": str(tmp_path),
        },
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert tried.returncode != 0
    assert f"This worker was not started: {reason}" in tried.stderr
