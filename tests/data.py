"""Where the measured maps lie that are too large, or not free enough, for the repository."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("FIDUCIAL_DATA", ROOT.parent / "shared" / "data"))


def data_path(name: str) -> Path:
    """The file or folder `name` below FIDUCIAL_DATA; leaves the test out, by name, without it."""
    path = DATA / name
    if not path.exists():
        pytest.skip(f"{name} is not on this machine; set FIDUCIAL_DATA to the folder that holds it")
    return path
