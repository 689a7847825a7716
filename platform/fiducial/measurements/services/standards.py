"""The standards a map is quantified with: kept as uploaded, the newest counts."""

from hashlib import sha256

from django.db import transaction

from fiducial.accounts import permissions
from fiducial.accounts.models import User
from fiducial.errors import Refused
from workers.assessment.answers.standards_table import StandardsError, read_table

from ..models import Measurement, Standards
from ..names import harmless_path


@transaction.atomic
def attach_standards(*, measurement: Measurement, name: str, data: bytes, by: User) -> Standards:
    """Quantify `measurement` with the table in `data` (CSV); Refused where it cannot be used."""
    permissions.require(by, permissions.WORK, measurement.project.lab)
    try:
        read_table(data)
    except StandardsError as wrong:
        raise Refused(f"{wrong} Nothing was changed.") from wrong
    return Standards.objects.create(
        measurement=measurement,
        name=harmless_path(name),
        table=data.decode("utf-8-sig"),
        sha256=sha256(data).hexdigest(),
        uploaded_by=by,
    )


@transaction.atomic
def detach_standards(*, measurement: Measurement, by: User) -> None:
    """Show counts again: forget the standards of `measurement`."""
    permissions.require(by, permissions.WORK, measurement.project.lab)
    measurement.standards.all().delete()
