"""The checking script that lies in every report, run as a stranger would run it."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from fiducial.reports import sealing
from fiducial.reports import verify as script


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    folder = tmp_path / "report"
    folder.mkdir()
    (folder / "report.html").write_text("<p>What cannot be believed</p>")
    (folder / "claims.json").write_text("[]")
    shutil.copyfile(script.__file__, folder / "verify.py")
    sealing.seal(folder, {"title": "Zoned olivine"})
    return folder


@pytest.fixture
def content_hash(copy: Path) -> str:
    return script.sha256((copy / "manifest.json").read_bytes())


def verify(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-I", folder / "verify.py", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_untouched_copy_is_as_sealed(copy: Path, content_hash: str) -> None:
    done = verify(copy, content_hash)
    assert done.returncode == 0, done.stdout
    assert content_hash in done.stdout


def alter(folder: Path) -> None:
    (folder / "report.html").write_text("<p>What can be believed</p>")


def remove(folder: Path) -> None:
    (folder / "claims.json").unlink()


def add(folder: Path) -> None:
    (folder / "erratum.html").write_text("Nothing to see.")


def empty(folder: Path) -> None:
    (folder / "manifest.json").write_text("{")


@pytest.mark.parametrize(
    ("tamper", "sentence"),
    [
        (alter, "report.html was changed after the report was sealed."),
        (remove, "claims.json is missing."),
        (add, "erratum.html was added after the report was sealed."),
        (empty, "manifest.json is missing or unreadable."),
    ],
)
def test_tampered_copy_is_named(copy: Path, tamper: Callable[[Path], None], sentence: str) -> None:
    tamper(copy)
    done = verify(copy)
    assert done.returncode == 1
    assert done.stdout == f"NOT AS SEALED: {sentence}\n"


def test_forged_manifest_needs_the_known_hash(copy: Path, content_hash: str) -> None:
    page = copy / "report.html"
    before = script.sha256(page.read_bytes())
    page.write_text(page.read_text() + " ")
    manifest = copy / "manifest.json"
    manifest.write_text(manifest.read_text().replace(before, script.sha256(page.read_bytes())))
    assert verify(copy).returncode == 0
    done = verify(copy, content_hash)
    assert done.returncode == 1
    assert "manifest.json was changed: its hash is" in done.stdout


def test_script_is_short_enough_to_be_read() -> None:
    assert len(Path(script.__file__).read_text().splitlines()) < 60
