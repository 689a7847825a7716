"""A backup: rows, the store's files, the portal's keys, and a manifest with the hash of each.

Arrays in a bucket stay there: the backup names it and lists what it held.

It is made while the portal runs. Files are taken before and after the rows: whatever a row speaks
of was there before it and, deleted meanwhile or not, is in one of the two.
"""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.utils import timezone

from fiducial import places
from fiducial.accounts.models import Lab
from fiducial.errors import Refused
from fiducial.trail.models import Entry
from workers.store.places import remove, sha256

from . import bucket, copies, rows

FORMAT = "fiducial-backup/1"
MANIFEST, ROWS, STORE, KEYS = "manifest.json", "rows.jsonl", "store", "keys"
OBJECTS = "objects.json"


def backup(folder: Path) -> int:
    """Write a backup to `folder`, which must not exist; returns the number of its files.

    It gets its name when it is whole: until then it is a hidden sibling.
    """
    if folder.exists():
        raise Refused(f"{folder} exists already; a backup is never overwritten. Name a new folder.")
    with _in_the_making(folder) as partial:
        copies.link_new(settings.STORE, partial / STORE)
        rows.write(partial / ROWS)
        copies.copy_arriving(settings.STORE, partial / STORE)
        copies.link_new(settings.STORE, partial / STORE)
        if settings.OBJECTS:
            bucket.list_to(partial / OBJECTS)
        # Without the key that signed them, decisions could not be told from forged ones.
        copies.link_new(settings.HOME / KEYS, partial / KEYS)
        found = copies.hashes(partial)
        manifest = {
            "format": FORMAT,
            "made": timezone.now().isoformat(timespec="seconds"),
            "migrations": rows.migrations(),
            "bucket": settings.OBJECTS,
            "files": found,
        }
        (partial / MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")
        os.sync()
    return len(found)


def restore(folder: Path) -> int:
    """Fill this portal, which must be empty, from the backup `folder`; returns its files' number.

    Refused, with nothing changed, when the portal holds anything, when a file of the backup is
    missing or not what it was, or when it is of another version.
    """
    _refuse_unless_empty()
    manifest = _checked(folder)
    _refuse_another_store(manifest)
    settings.STORE.mkdir(parents=True, exist_ok=True)
    try:
        for name in manifest["files"]:
            _put_back(folder, name)
        rows.read(folder / ROWS)
    except BaseException:
        for child in (*settings.STORE.iterdir(), settings.HOME / KEYS):
            shutil.rmtree(child, ignore_errors=True)
        if _goes_up(manifest):
            remove(places.bucket())
        raise
    return len(manifest["files"])


def missing(folder: Path) -> list[str]:
    """The arrays of a backup that are not in the bucket any more, where they lie in one."""
    listed = folder / OBJECTS
    return bucket.missing_of(listed) if listed.exists() else []


def _put_back(folder: Path, name: str) -> None:
    """Copy a file of a backup, with who may read it, to where the portal looks for it."""
    kind, _, inner = name.partition("/")
    if not inner:
        return  # the rows, and the list of objects
    if kind == STORE and settings.OBJECTS and bucket.is_array(inner):
        places.of(inner).write(folder / name)
        return
    target = {STORE: settings.STORE, KEYS: settings.HOME / KEYS}[kind] / inner
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700 if kind == KEYS else 0o777)
    shutil.copy(folder / name, target)


def _checked(folder: Path) -> dict[str, Any]:
    """The manifest of a backup that is whole and of this version."""
    manifest = _manifest(folder)
    for name, expected in manifest["files"].items():
        path = folder / name
        if not path.is_file():
            raise Refused(f"The backup is damaged: {name} is missing. Nothing was restored.")
        if sha256(path) != expected:
            raise Refused(f"The backup is damaged: {name} has changed. Nothing was restored.")
    if manifest["migrations"] != rows.migrations():
        raise Refused(
            f"The backup was made on {manifest['made'][:10]} by another version of the portal. "
            "Restore it with that version, after its “migrate”, and then upgrade."
        )
    return manifest


def _refuse_another_store(manifest: dict[str, Any]) -> None:
    if manifest.get("bucket") and not settings.OBJECTS:
        raise Refused(
            f"The arrays of this backup lie in {manifest['bucket']}. Set FIDUCIAL_STORE to where "
            "they are now. Nothing was restored."
        )
    if _goes_up(manifest) and places.bucket().files():
        raise Refused("The bucket that FIDUCIAL_STORE names is not empty. Nothing was restored.")


def _goes_up(manifest: dict[str, Any]) -> bool:
    """Whether the backup is of a folder and this portal keeps its arrays in a bucket."""
    return bool(settings.OBJECTS) and not manifest.get("bucket")


def _manifest(folder: Path) -> dict[str, Any]:
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError) as failure:
        raise Refused(f"{folder} is no backup: it has no readable {MANIFEST}.") from failure
    if manifest.get("format") != FORMAT:
        raise Refused(f"{folder} is no backup that this portal can read.")
    return manifest


def _refuse_unless_empty() -> None:
    holds = get_user_model().objects.exists() or Lab.objects.exists() or Entry.objects.exists()
    kept = (settings.STORE, settings.HOME / KEYS)
    if holds or any(path.exists() and any(path.iterdir()) for path in kept):
        raise Refused(
            "This portal is not empty. Restore into a new FIDUCIAL_HOME with a new database, "
            "after “manage.py migrate”."
        )


@contextmanager
def _in_the_making(folder: Path) -> Iterator[Path]:
    """A hidden sibling, readable by its owner alone, that becomes `folder` or is removed."""
    partial = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)  # of a backup that was killed
    partial.mkdir(parents=True, mode=0o700)
    try:
        yield partial
        partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
