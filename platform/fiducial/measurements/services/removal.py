"""Deleting a measurement: only when no run stands on it."""

from django.db import transaction
from django.db.models import ProtectedError

from fiducial.accounts import permissions
from fiducial.accounts.models import User
from fiducial.errors import Refused
from fiducial.trail.services import record

from .. import folders
from ..models import Measurement


@transaction.atomic
def delete(*, measurement: Measurement, user: User) -> None:
    """Delete a measurement with its files. Refused when runs were made of it, or judged by it."""
    permissions.require(user, permissions.WORK, measurement.project.lab)
    if runs := measurement.runs.count():
        many = "1 run stands" if runs == 1 else f"{runs} runs stand"
        raise Refused(f"“{measurement}” is kept because {many} on it.")
    if measurement.stands:
        raise Refused(f"“{measurement}” is kept: what windows showed cannot be taken back.")
    key = measurement.pk
    record("measurement.deleted", by=user, lab=measurement.project.lab, subject=measurement)
    try:
        measurement.delete()
    except ProtectedError as protected:
        raise Refused(f"“{measurement}” is kept: windows of it were measured again.") from protected
    transaction.on_commit(lambda: folders.remove(key))
