"""Checks that nothing in this folder changed since the report was sealed. Needs only Python.

    python verify.py [CONTENT_HASH]

With the content hash that stands on the report's page it also finds a forged manifest.
"""

import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).resolve().parent
IGNORED = {"manifest.json", "__pycache__"}


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def differences(sealed: dict[str, str], found: dict[str, str]) -> Iterator[str]:
    for name, digest in sorted(sealed.items()):
        if not found.get(name):
            yield f"{name} is missing."
        elif found[name] != digest:
            yield f"{name} was changed after the report was sealed."
    for name in sorted(found.keys() - sealed.keys()):
        yield f"{name} was added after the report was sealed."


def problems(folder: Path, expected: str = "") -> Iterator[str]:
    """One sentence for everything that is not as it was sealed."""
    try:
        sealed = (folder / "manifest.json").read_bytes()
        files = json.loads(sealed)["files"]
    except (OSError, ValueError, KeyError):
        yield "manifest.json is missing or unreadable."
        return
    there = [path for path in folder.iterdir() if path.name not in IGNORED]
    yield from differences(
        files, {path.name: sha256(path.read_bytes()) if path.is_file() else "" for path in there}
    )
    if expected and sha256(sealed) != expected:
        yield f"manifest.json was changed: its hash is {sha256(sealed)}, not {expected}."


def main() -> int:
    found = list(problems(HERE, *sys.argv[1:2]))
    for sentence in found:
        sys.stdout.write(f"NOT AS SEALED: {sentence}\n")
    if not found:
        digest = sha256((HERE / "manifest.json").read_bytes())
        sys.stdout.write(f"As sealed. Compare with the report's page:\n{digest}\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
