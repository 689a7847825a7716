"""Taking rescanned windows: through the door every upload takes, but known for what they are."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction

from fiducial.accounts import permissions
from fiducial.accounts.models import User
from fiducial.errors import Refused
from fiducial.measurements import services as measurements
from fiducial.measurements.models import Measurement
from fiducial.measurements.names import harmless_path, window_number
from fiducial.trail.services import record
from workers.assessment.audit.claim import FEWEST

from .. import queries
from ..models import Placement, Rescan


@transaction.atomic
def announce(
    *, placement: Placement, user: User, name: str, files: Sequence[tuple[str, int]]
) -> tuple[Measurement, bool]:
    """Announce the files (path, bytes) of a placement's rescan; returns as `create_upload` does.

    Either every window lies in a folder called by its number, the first ones of the list without a
    gap, or the files are one fine map of the whole field. The time of this call is the time the
    windows came; nothing of them has been sent before. Refused in a sentence otherwise.
    """
    permissions.require(user, permissions.WORK, placement.measurement.project.lab)
    if not placement.windows:
        raise Refused(placement.refusal)
    if placement.is_drawn and queries.has_judged(placement):
        raise Refused(
            "These windows have been rescanned and judged already. A second scan of the same "
            "windows would let the better one be picked."
        )
    _refuse_gaps(placement, [path for path, _ in files])
    upload, new = measurements.create_upload(
        project=placement.measurement.project,
        user=user,
        name=name.strip() or f"{placement.measurement.name}, {placement.kind} windows",
        files=files,
        kind=Measurement.Kind.WINDOWS,
        answers=_known(placement.measurement),
        unfinished=Measurement.objects.filter(rescan__placement=placement),
    )
    if new:
        Rescan.objects.create(placement=placement, measurement=upload)
        record("windows.rescanned", by=user, lab=upload.project.lab, subject=placement.measurement)
    return upload, new


def complete(*, user: User, rescan: Rescan) -> Measurement:
    """Close the upload of a rescan and hand it to the reader; refusals as for any upload."""
    return measurements.complete(user=user, measurement=rescan.measurement)


def _known(measurement: Measurement) -> dict[str, Any]:
    """What need not be asked of a rescan: it is fine, and named and counted like its map."""
    told = {key: measurement.answers[key] for key in ("channels",) if key in measurement.answers}
    return told | {"sampling": "fine", "units": measurement.summary["units"]}


def _refuse_gaps(placement: Placement, paths: Sequence[str]) -> None:
    """Windows left out by choice would no longer be a random sample of the map."""
    numbers = {path: window_number(harmless_path(path)) for path in paths}
    found = {number for number in numbers.values() if number is not None}
    if not found:
        return  # one map of the whole field
    if loose := [path for path, number in numbers.items() if number is None]:
        raise Refused(
            f"{loose[0]} lies in no window's folder. Put every file into the folder of its window, "
            "called by its number (1, 2, 3 …), and choose the folder that holds them all."
        )
    wanted = len(placement.windows)
    if foreign := sorted(found - set(range(1, wanted + 1))):
        raise Refused(f"There is no window {foreign[0]}: the stage list has windows 1 to {wanted}.")
    if missing := sorted(set(range(1, max(found) + 1)) - found):
        raise Refused(
            f"Window{'s' if len(missing) > 1 else ''} {', '.join(map(str, missing))} "
            f"{'are' if len(missing) > 1 else 'is'} missing. The list may end early, but windows "
            "left out in between would no longer be a random sample."
        )
    if placement.is_drawn and len(found) < FEWEST:
        raise Refused(
            f"These are {len(found)} windows; a claim takes the first {FEWEST} of the list."
        )
