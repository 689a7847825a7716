"""Copying the store's files, and telling by their hashes that they are what they were."""

import errno
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from workers.store.places import sha256

_NO_LINK = {errno.EXDEV, errno.EPERM, errno.EMLINK, errno.ENOTSUP}
# Folders on their way to their final name, what a reader has not handed over, a probe.
_IN_THE_MAKING = re.compile(
    r"(?:.*/)?\.[^/]+\.(?:partial-[0-9a-f]{12}|inputs|making|glimpse-\d+)|measurements/[^/]+/reading-\d+\.[a-z]+|\.ready-[^/]*"
)
# The parts of an upload are written in place; every other file once, and then never again.
_ARRIVING = re.compile(r"quarantine/[^/]+/arriving/.*")


def files(root: Path) -> Iterator[str]:
    """Every file below `root` that is more than in the making, as a path relative to it."""
    for folder, folders, names in os.walk(root):
        here = Path(folder).relative_to(root)
        folders[:] = sorted(name for name in folders if _is_made((here / name).as_posix()))
        found = ((here / name).as_posix() for name in sorted(names))
        yield from filter(_is_made, found)


def link_new(source: Path, target: Path) -> None:
    """Give `target` every file of `source` that it lacks, but for those that are arriving.

    Such files never change, so a hard link is a copy; a real one is made on another file system.
    """
    for name in files(source):
        if not (_ARRIVING.fullmatch(name) or (target / name).exists()):
            _copy(source / name, target / name, link=True)


def copy_arriving(source: Path, target: Path) -> None:
    """Copy what has arrived of the uploads that are under way."""
    for name in filter(_ARRIVING.fullmatch, files(source)):
        _copy(source / name, target / name, link=False)


def hashes(root: Path) -> dict[str, str]:
    """SHA-256 (hex) of every file below `root`."""
    return {name: sha256(root / name) for name in files(root)}


def _copy(source: Path, copy: Path, *, link: bool) -> None:
    """Copy a file; one that is deleted meanwhile has no row to miss it, or was copied before."""
    copy.parent.mkdir(parents=True, exist_ok=True)
    try:
        if link and _linked(source, copy):
            return
        shutil.copyfile(source, copy)
    except FileNotFoundError:
        copy.unlink(missing_ok=True)


def _linked(source: Path, copy: Path) -> bool:
    try:
        os.link(source, copy)
    except OSError as failure:
        if failure.errno not in _NO_LINK:
            raise
        return False
    return True


def _is_made(name: str) -> bool:
    return not _IN_THE_MAKING.fullmatch(name)
