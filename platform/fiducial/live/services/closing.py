"""The end of a scan: what has arrived is handed to the reader, like any upload."""

import logging
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Coalesce
from django.utils import timezone

from fiducial.accounts import permissions
from fiducial.accounts.models import User
from fiducial.errors import Refused
from fiducial.measurements import folders, tickets
from fiducial.measurements.models import Measurement
from fiducial.trail.services import record
from workers.store import StoreError
from workers.store.live import LiveStore
from workers.store.places import size_of

from ..models import LiveScan

log = logging.getLogger(__name__)


def close(*, scan: LiveScan, user: User) -> LiveScan:
    """Take no more frames and have those that came read; closed twice, it stays as it is.

    Refused where no frame has arrived: there would be nothing to read.
    """
    permissions.require(user, permissions.WORK, scan.measurement.project.lab)
    return _close(scan, LiveScan.End.CLOSED, user)


def sweep() -> None:
    """Close scans that have been silent for too long; those without a frame as well."""
    before = timezone.now() - timedelta(seconds=settings.LIVE_SILENCE_SECONDS)
    since = Coalesce("last_frame", "measurement__created")
    for scan in LiveScan.objects.filter(closed=None).alias(since=since).filter(since__lt=before):
        _close(scan, LiveScan.End.SILENCE, None)


@transaction.atomic
def _close(scan: LiveScan, why: LiveScan.End, by: User | None) -> LiveScan:
    scan = LiveScan.objects.select_for_update().get(pk=scan.pk)
    if not scan.is_open:
        return scan
    if not scan.received and by is not None:
        raise Refused(
            "No frame has arrived, so there is nothing to close: send frames, or leave it; a scan "
            "without any ends by itself."
        )
    scan.closed, scan.why = timezone.now(), why
    scan.save(update_fields=["closed", "why"])
    measurement, folder = scan.measurement, folders.live(scan.measurement_id)
    # Only what came takes room from now on.
    measurement.files.update(size=max(1, size_of(folder)), complete=True)
    measurement.state, measurement.state_since = Measurement.State.QUARANTINED, timezone.now()
    measurement.save(update_fields=["state", "state_since"])
    lab, reason = measurement.project.lab, "no frames came any more" if by is None else ""
    record("scan.closed", by=by, lab=lab, subject=measurement, reason=reason)
    transaction.on_commit(lambda: _told(scan))
    return scan


def _told(scan: LiveScan) -> None:
    """Let the preview know, and wake a reader."""
    try:
        LiveStore(folders.live(scan.measurement_id)).end(scan.why)
    except (StoreError, OSError):
        log.warning("The preview of %s was not told of its end", scan, exc_info=True)
    tickets.issue()
