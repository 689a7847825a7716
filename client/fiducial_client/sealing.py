"""Whether a report is as it was sealed: the very check that every report carries as `verify.py`.

It runs from here and not from the report, whose own copy might have been changed with it.
"""

import hashlib
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from . import verify


@dataclass(frozen=True)
class Seal:
    """What the manifest of a report hashes to, and all that is not as it was sealed."""

    content_hash: str
    problems: tuple[str, ...]

    @property
    def holds(self) -> bool:
        return not self.problems


def check(report: Path, expected: str = "") -> Seal:
    """Recompute the hashes of a downloaded report, a zip or a folder; needs no network.

    `expected` is the content hash on the report's page: only it finds a forged manifest.
    FileNotFoundError where there is no report.
    """
    if report.is_dir():
        return _of_folder(report, expected)
    if not report.is_file():
        raise FileNotFoundError(f"There is no report {report}.")
    with tempfile.TemporaryDirectory() as scratch:
        try:
            with zipfile.ZipFile(report) as packed:
                packed.extractall(scratch)
        except (zipfile.BadZipFile, OSError) as damage:
            return Seal("", (f"{report.name} is damaged: {damage}.",))
        inside = list(Path(scratch).iterdir())
        one = len(inside) == 1 and inside[0].is_dir()
        return _of_folder(inside[0] if one else Path(scratch), expected)


def _of_folder(folder: Path, expected: str) -> Seal:
    manifest = folder / "manifest.json"
    digest = hashlib.sha256(manifest.read_bytes()).hexdigest() if manifest.is_file() else ""
    return Seal(digest, tuple(verify.problems(folder, expected)))
