"""What takes long to make is made once for all processes of a test run, and taken by the others.

With FIDUCIAL_TEST_MADE it lasts for all runs that name the same folder, as those of `.ci/run` do;
they must be runs of the same code.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path


def once(name: str, make: Callable[[Path], None]) -> Path:
    """The folder that `make` filled, now or before. It is everybody's: copy what you change."""
    folder = _root() / name
    with (_root() / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            partial = folder.with_name(f"{name}.partial")
            shutil.rmtree(partial, ignore_errors=True)  # of somebody who died over it
            partial.mkdir()
            make(partial)
            partial.rename(folder)
    return folder


@cache
def _root() -> Path:
    if given := os.environ.get("FIDUCIAL_TEST_MADE"):
        root = Path(given)
    elif run := os.environ.get("PYTEST_XDIST_TESTRUNUID"):
        root = Path(tempfile.gettempdir()) / f"fiducial-made-{run}"
    else:
        root = Path(tempfile.mkdtemp(prefix="fiducial-made-"))
    root.mkdir(parents=True, exist_ok=True)
    return root
