"""Folders of this server that instruments write into, each for one project.

Whatever lies directly in such a folder, a file or a folder of files, is one measurement. It is
taken once it stood still, and its original stays as it is.
"""

import hashlib
import json
import logging
import os
import stat
import time
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings

from fiducial.accounts import permissions
from fiducial.accounts.models import User
from fiducial.errors import Refused
from fiducial.measurements import services
from fiducial.measurements.errors import DiskFull, Duplicate, HashMismatch, OverQuota
from fiducial.measurements.models import Project
from fiducial.measurements.services import Source

REASON = "from a watched folder"  # what the trail says

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Folder:
    """What lies in `root` goes into `project`, as if `user` had uploaded it."""

    root: Path
    project: int
    user: str


def declared() -> list[Folder]:
    """The folders listed in the file that FIDUCIAL_WATCHED names; Refused where that is wrong."""
    if not settings.WATCHED:
        raise Refused("FIDUCIAL_WATCHED names no file, so no folder is watched.")
    try:
        listed = tomllib.loads(Path(settings.WATCHED).read_text(encoding="utf-8"))["folder"]
        found = [Folder(Path(e["root"]), int(e["project"]), str(e["user"])) for e in listed]
    except (OSError, KeyError, TypeError, ValueError) as fault:
        raise Refused(
            f"{settings.WATCHED} cannot be read as a list of watched folders: {fault!r}."
        ) from fault
    for folder in found:
        if not folder.root.is_absolute():
            raise Refused(f"The watched folder {folder.root} must begin with “/”.")
    return found


def look(folder: Folder) -> list[str]:
    """Look once; returns a sentence for everything that was taken or refused."""
    root = folder.root.resolve()
    project = Project.objects.select_related("lab").filter(pk=folder.project).first()
    user = User.objects.filter(username=folder.user, is_active=True).first()
    if project is None or user is None or not root.is_dir():
        return [f"{folder.root}: folder, project {folder.project} or {folder.user} is not there."]
    if not permissions.may(user, permissions.WORK, project.lab):
        return [f"{folder.root}: {user} may not upload into {project} of {project.lab}."]
    notes = _Notes(folder)
    said = []
    for name in sorted(name for name in os.listdir(root) if not name.startswith(".")):
        sentence = _try(root, name, project, user, notes)
        if sentence:
            said.append(f"{name}: {sentence}")
            log.info("Watched folder of project %s: %s", project.pk, said[-1])
    notes.write()
    return said


def _try(root: Path, name: str, project: Project, user: User, notes: "_Notes") -> str:
    """Take one measurement if it stood still and was not looked at so before."""
    fingerprint = ""
    try:
        files = dict(_files(root, root / name))
        fingerprint = _fingerprint(files)
        if not files or not notes.stood_still(name, fingerprint):
            return ""
        title = Path(name).stem
        services.take(project=project, user=user, name=title, files=files, reason=REASON)
    except Duplicate as known:
        sentence = f"is known: {known}"
    except (DiskFull, OverQuota, HashMismatch) as passing:
        return str(passing)  # tried again at the next look
    except Refused as refusal:
        fingerprint, sentence = fingerprint or f"refused: {refusal}", f"was refused: {refusal}"
        if notes.settled(name, fingerprint):
            return ""
    except OSError as failure:
        return f"could not be read ({failure.strerror}); it is tried again."
    else:
        sentence = "was taken."
    notes.settle(name, fingerprint)
    return sentence


def _files(root: Path, place: Path) -> Iterator[tuple[str, Source]]:
    """Every file of one measurement, by its path below `root`; Refused for what is no file."""
    if not place.is_symlink() and place.is_dir():
        for child in sorted(place.iterdir()):
            yield from _files(root, child)
        return
    name = place.relative_to(root).as_posix()
    real = place.resolve()
    if not real.is_relative_to(root):
        raise Refused(f"{name} is a link that leads out of the watched folder.")
    facts = real.stat()
    if not stat.S_ISREG(facts.st_mode):
        raise Refused(f"{name} is neither a file nor a folder of its own.")
    yield name, Source(facts.st_size, facts.st_mtime_ns, partial(_open_inside, root, real))


def _open_inside(root: Path, real: Path) -> BinaryIO:
    """Open a resolved path step by step without following a link: one put there since is refused
    by the system (OSError), so nobody can have the portal read what only it may read.
    """
    at = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    for part in real.relative_to(root).parts:
        above = at
        try:
            at = os.open(part, os.O_RDONLY | os.O_NOFOLLOW, dir_fd=above)
        finally:
            os.close(above)
    return os.fdopen(at, "rb")


def _fingerprint(files: Mapping[str, Source]) -> str:
    facts = [(name, source.size, source.changed) for name, source in files.items()]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


class _Notes:
    """What was seen at earlier looks. Without it, all is read again and known by its hash."""

    def __init__(self, folder: Folder) -> None:
        key = hashlib.sha256(f"{folder.project} {folder.root}".encode()).hexdigest()[:16]
        self._path = settings.HOME / "watched" / f"{key}.json"
        self._before: dict[str, dict[str, Any]] = {}
        if self._path.exists():
            self._before = json.loads(self._path.read_text(encoding="utf-8"))
        self._now: dict[str, dict[str, Any]] = {}

    def stood_still(self, name: str, fingerprint: str) -> bool:
        """Whether it is as it was WATCHED_SECONDS ago, by our clock, and nothing came of it yet."""
        note = self._before.get(name, {})
        if note.get("fingerprint") != fingerprint:
            note = {"fingerprint": fingerprint, "since": time.time(), "settled": False}
        self._now[name] = note
        return not note["settled"] and time.time() - note["since"] >= settings.WATCHED_SECONDS

    def settled(self, name: str, fingerprint: str) -> bool:
        """Whether this came of it before."""
        note = self._before.get(name, {})
        if note.get("fingerprint") != fingerprint or not note["settled"]:
            return False
        self._now[name] = note
        return True

    def settle(self, name: str, fingerprint: str) -> None:
        """Note that something came of it: it is left alone until it changes."""
        self._now[name] = {"fingerprint": fingerprint, "since": time.time(), "settled": True}

    def write(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        partial_path = self._path.with_suffix(".partial")
        partial_path.write_text(json.dumps(self._now), encoding="utf-8")
        partial_path.replace(self._path)
