"""What a person corrected or added; the files are then read again into a new revision."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from fiducial.accounts import permissions
from fiducial.accounts.models import User
from fiducial.errors import Refused
from fiducial.trail.services import record

from .. import tickets
from ..models import Measurement

State = Measurement.State


@transaction.atomic
def correct(*, measurement: Measurement, user: User, answers: Mapping[str, Any]) -> None:
    """Read the files of `measurement` again with `answers` (the reader's `corrections`).

    Refused while files arrive or are being read. The revisions made before stay as they are.
    """
    permissions.require(user, permissions.WORK, measurement.project.lab)
    if measurement.stands:
        raise Refused(f"“{measurement}” stands as it was read: windows judge what they judge.")
    moved = Measurement.objects.filter(pk=measurement.pk, state__in=Measurement.FINAL).update(
        answers=dict(answers),
        state=State.QUARANTINED,
        state_since=timezone.now(),
        ingest_losses=0,
    )
    if not moved:
        raise Refused("This measurement is being read just now; correct it when that has ended.")
    record("measurement.corrected", by=user, lab=measurement.project.lab, subject=measurement)
    transaction.on_commit(tickets.issue)
    measurement.refresh_from_db()
