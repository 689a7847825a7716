"""Files that arrive in parts: create, put each part with its hash, complete.

Every step can be repeated: asking for the same upload again answers with what has arrived, and a
part sent twice is the same part. So a client that lost everything starts over and sends nothing
twice.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.template.defaultfilters import filesizeformat
from django.utils import timezone

from fiducial.accounts import permissions
from fiducial.accounts.models import User
from fiducial.errors import Refused
from fiducial.runs.allotments import refuse_over_quota, refuse_passed_quota
from fiducial.trail.services import record

from .. import folders, tickets
from ..errors import Duplicate, HashMismatch, Incomplete, TooLarge
from ..models import Measurement, Project, UploadedFile
from ..names import harmless_path, refuse_clashes
from .arriving import put_in_place, refuse_without_room, write_part

State = Measurement.State


def create_upload(
    *,
    project: Project,
    user: User,
    name: str,
    files: Sequence[tuple[str, int]],
    kind: Measurement.Kind = Measurement.Kind.MAP,
    answers: Mapping[str, Any] | None = None,
    unfinished: QuerySet[Measurement] | None = None,
    at_most: int | None = None,
) -> tuple[Measurement, bool]:
    """Announce `files` as (path, size in bytes) of one measurement.

    Returns the measurement and whether it is new: an unfinished upload of the same files by the
    same person is continued (one of `unfinished`, or any map of the project). `answers`: what the
    reader need not ask. `at_most`: bytes, if not those of an upload. Refused (TooLarge,
    OverQuota, DiskFull, …) before a byte is sent.
    """
    permissions.require(user, permissions.WORK, project.lab)
    wanted = _checked(files, at_most or settings.UPLOAD_MAX_BYTES)
    with transaction.atomic():
        candidates = project.measurements.filter(kind=kind) if unfinished is None else unfinished
        if same := _same_unfinished(candidates, user, wanted):
            return same, False
        refuse_over_quota(project.lab, sum(wanted.values()))
        refuse_without_room(sum(wanted.values()))
        title = name.strip() or PurePosixPath(next(iter(wanted))).stem
        measurement = Measurement.objects.create(
            project=project,
            name=title[:160],
            kind=kind,
            uploaded_by=user,
            answers=dict(answers or {}),
        )
        UploadedFile.objects.bulk_create(
            UploadedFile(measurement=measurement, name=path, size=size)
            for path, size in wanted.items()
        )
    return measurement, True


def receive_part(
    *, user: User, file: UploadedFile, number: int, body: bytes | bytearray, sha256: str
) -> None:
    """Keep part `number` (from 0) of `file` once its SHA-256 (hex) proves it arrived whole."""
    permissions.require(user, permissions.WORK, file.measurement.project.lab)
    if file.measurement.state != State.UPLOADING:
        raise Refused(f"“{file.measurement}” is complete; start a new upload for more files.")
    expected = part_size(file.size, number)
    if len(body) != expected:
        raise Incomplete(
            f"Part {number} of {file.name} has {len(body)} bytes instead of {expected}; "
            "send it again."
        )
    if hashlib.sha256(body).hexdigest() != sha256.lower():
        raise HashMismatch(
            f"Part {number} of {file.name} was damaged on its way: its hash differs. Send it again."
        )
    write_part(file, number * settings.UPLOAD_PART_BYTES, body)
    with transaction.atomic():
        row = UploadedFile.objects.select_for_update().get(pk=file.pk)
        row.parts[str(number)] = sha256.lower()
        row.save(update_fields=["parts"])


def complete(*, user: User, measurement: Measurement) -> Measurement:
    """Close an upload whose parts are all there and hand it to the reader.

    Raises Incomplete when parts are missing, OverQuota when the room of the lab was used up
    meanwhile, and Duplicate when the project holds the very same files already: then the new copy
    is removed and the first one stays as it is.
    """
    permissions.require(user, permissions.WORK, measurement.project.lab)
    if measurement.state != State.UPLOADING:
        return measurement
    refuse_passed_quota(measurement.project.lab)
    files = list(measurement.files.all())
    for file in files:
        _close(file)
    settle(user=user, measurement=measurement)
    return measurement


def settle(*, user: User, measurement: Measurement, reason: str = "") -> None:
    """Hand a measurement whose files lie in place to the reader, or drop it (Duplicate)."""
    files = list(measurement.files.all())
    if existing := _with_same_files(measurement, files):
        drop(measurement)
        raise Duplicate(
            f"These very files are in {measurement.project} already, as “{existing}”. "
            "The copy was not kept.",
            existing,
        )
    _hand_over(measurement, user, reason)


def part_size(size: int, number: int) -> int:
    """How many bytes part `number` of a file of `size` bytes has; Refused when there is none."""
    start = number * settings.UPLOAD_PART_BYTES
    if not 0 <= start < size:
        raise Refused(f"There is no part {number} in a file of {size} bytes.")
    return min(settings.UPLOAD_PART_BYTES, size - start)


def _checked(files: Sequence[tuple[str, int]], at_most: int) -> dict[str, int]:
    """The announced files as {harmless path: size}; Refused with the limit that was passed."""
    if not files:
        raise Refused("Choose at least one file.")
    if len(files) > settings.UPLOAD_MAX_FILES:
        raise TooLarge(
            f"These are {len(files)} files; one upload holds at most {settings.UPLOAD_MAX_FILES}. "
            "Split it, or pack the map into fewer files."
        )
    for path, size in files:
        if size <= 0:
            raise Refused(f"{path} is empty; leave it out or export it again.")
    total = sum(size for _, size in files)
    if total > at_most:
        raise TooLarge(
            f"These files have {filesizeformat(total)} together; one upload holds at most "
            f"{filesizeformat(at_most)}. Export fewer elements or a smaller area."
        )
    paths = [harmless_path(path) for path, _ in files]
    refuse_clashes(paths)
    return dict(zip(paths, (size for _, size in files), strict=True))


def _same_unfinished(
    candidates: QuerySet[Measurement], user: User, wanted: dict[str, int]
) -> Measurement | None:
    unfinished = candidates.filter(uploaded_by=user, state=State.UPLOADING).prefetch_related(
        "files"
    )
    for measurement in unfinished.order_by("-created"):
        if {file.name: file.size for file in measurement.files.all()} == wanted:
            return measurement
    return None


def missing_parts(file: UploadedFile) -> list[int]:
    """The numbers of the parts of `file` that have not arrived."""
    count = -(-file.size // settings.UPLOAD_PART_BYTES)
    return [number for number in range(count) if str(number) not in file.parts]


def _close(file: UploadedFile) -> None:
    if missing := missing_parts(file):
        raise Incomplete(
            f"{len(missing)} parts of {file.name} have not arrived; choose the same files again "
            "to send what is missing."
        )
    file.sha256 = put_in_place(file)
    file.complete = True
    file.save(update_fields=["sha256", "complete"])


def _with_same_files(measurement: Measurement, files: Sequence[UploadedFile]) -> Measurement | None:
    """Another measurement of the project that holds the same contents, whatever the names.

    Of windows the names count: they say which window a file shows.
    """
    named = measurement.kind == Measurement.Kind.WINDOWS

    def contents(some: Iterable[UploadedFile]) -> list[tuple[str, str]]:
        return sorted((file.sha256, file.name if named else "") for file in some)

    wanted = contents(files)
    others = (
        Measurement.objects.filter(
            project=measurement.project, kind=measurement.kind, files__sha256=wanted[0][0]
        )
        .exclude(pk=measurement.pk)
        .exclude(state=State.UPLOADING)
        .distinct()
    )
    for other in others.prefetch_related("files").order_by("created"):
        if contents(other.files.all()) == wanted:
            return other
    return None


@transaction.atomic
def drop(measurement: Measurement) -> None:
    """Remove a measurement that was never handed over, and its files."""
    key = measurement.pk
    measurement.delete()
    measurement.pk = key  # the caller still tells people which one it was
    transaction.on_commit(lambda: folders.remove(key))


@transaction.atomic
def _hand_over(measurement: Measurement, user: User, reason: str) -> None:
    moved = Measurement.objects.filter(pk=measurement.pk, state=State.UPLOADING).update(
        state=State.QUARANTINED, state_since=timezone.now()
    )
    if moved:
        lab = measurement.project.lab
        record("measurement.uploaded", by=user, lab=lab, subject=measurement, reason=reason)
        transaction.on_commit(tickets.issue)
    measurement.refresh_from_db()
