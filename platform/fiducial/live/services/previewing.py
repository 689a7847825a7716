"""The run that shows a scan while it grows."""

from django.db import transaction

from fiducial.accounts import permissions
from fiducial.accounts.models import User
from fiducial.errors import Refused
from fiducial.runs import services as runs
from fiducial.runs.models import Run

from ..models import PREVIEW, LiveScan


@transaction.atomic
def preview(*, scan: LiveScan, by: User) -> Run:
    """Start the preview, or start it again where it was cancelled or failed.

    It begins with what has arrived. Refused while one is under way, and when the scan is closed.
    """
    permissions.require(by, permissions.WORK, scan.measurement.project.lab)
    scan = LiveScan.objects.select_for_update().get(pk=scan.pk)
    if not scan.is_open:
        raise Refused("This scan is closed: run the measurement that it has become.")
    if (now := scan.run) and not now.is_final:
        raise Refused("A preview of this scan is under way already.")
    return queue_preview(scan, by)


def queue_preview(scan: LiveScan, by: User) -> Run:
    """Queue the run; within a transaction."""
    return runs.submit_preview(measurement=scan.measurement, recipe=PREVIEW, by=by)
