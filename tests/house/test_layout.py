"""Rules of the repository that no linter knows."""

import platform
import re
import subprocess
from pathlib import Path

import pytest

from tests.data import ROOT

# Written in pieces, so that this file does not break its own rule.
FOREIGN = re.compile(
    "|".join(("/" + r"(work|root|home)/\w", r"/tmp/" + "bash", r"\.lib" + "rary/"))
)
MAX_LINES = 400


def tracked(pattern: str = "*") -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", pattern], cwd=ROOT, check=True, capture_output=True, text=True
    )
    paths = [ROOT / name for name in listed.stdout.split("\0") if name]
    return [path for path in paths if path.is_file()]


def test_platform_holds_no_python_file_and_stays_the_standard_library():
    assert list((ROOT / "platform").glob("*.py")) == []
    assert platform.python_version().startswith("3.")


def test_tracked_files_name_no_place_of_somebodys_machine():
    found = []
    for path in tracked():
        try:
            lines = path.read_text().splitlines()
        except UnicodeDecodeError:
            continue
        found += [
            f"{path.relative_to(ROOT)}:{n}"
            for n, line in enumerate(lines, 1)
            if FOREIGN.search(line)
        ]
    assert found == []


def test_modules_stay_small_enough_to_read_in_one_go():
    sources = [p for p in tracked("*.py") + tracked("*.js") if "migrations" not in p.parts]
    lengths = {str(p.relative_to(ROOT)): len(p.read_text().splitlines()) for p in sources}
    assert {name: n for name, n in lengths.items() if n > MAX_LINES} == {}


def test_test_folders_are_packages():
    folders = {p.parent for p in (ROOT / "tests").rglob("test_*.py")}
    assert [
        str(f.relative_to(ROOT)) for f in sorted(folders) if not (f / "__init__.py").exists()
    ] == []


def test_tracked_files_are_small():
    large = [p for p in tracked() if p.stat().st_size > 10_000_000]
    assert large == []


@pytest.mark.parametrize(
    "script",
    [
        ".ci/run",
        ".ci/packages",
        ".ci/services",
        "scripts/check-python",
        "scripts/demo-check",
        "scripts/train",
    ],
)
def test_scripts_can_be_started_and_parse(script):
    path = ROOT / script
    assert path.stat().st_mode & 0o111
    subprocess.run(["bash", "-n", str(path)], check=True)
