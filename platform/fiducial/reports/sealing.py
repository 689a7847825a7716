"""The seal of a report: a manifest of every file's hash, and the hash of that manifest."""

import hashlib
import json
from pathlib import Path
from typing import Any

from . import verify

FORMAT = "fiducial-report/1"
MANIFEST = "manifest.json"


def canonical(value: Any) -> bytes:
    """JSON with one spelling: sorted keys, no spaces, UTF-8; NaN is refused (ValueError)."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()


def readable(value: Any) -> bytes:
    """The same JSON laid out for people."""
    return json.dumps(value, sort_keys=True, indent=2, ensure_ascii=False).encode() + b"\n"


def seal(folder: Path, facts: dict[str, Any]) -> str:
    """Write the manifest of all files in `folder`; returns the report's content hash (SHA-256)."""
    files = {path.name: verify.sha256(path.read_bytes()) for path in sorted(folder.iterdir())}
    manifest = canonical({"format": FORMAT, **facts, "files": files})
    (folder / MANIFEST).write_bytes(manifest)
    return hashlib.sha256(manifest).hexdigest()


def broken(folder: Path, content_hash: str) -> list[str]:
    """What is no longer as it was sealed, in sentences; empty when all of it is."""
    if not folder.is_dir():
        return ["The report's files are gone."]
    return list(verify.problems(folder, content_hash))


def manifest(folder: Path) -> dict[str, Any]:
    """What was sealed; empty where the manifest is gone or unreadable."""
    try:
        facts: dict[str, Any] = json.loads((folder / MANIFEST).read_bytes())
    except (OSError, ValueError):
        return {}
    return facts
