"""Reading projects and measurements; a person sees those of their labs and no others."""

from pathlib import Path

from django.conf import settings
from django.db.models import QuerySet

from fiducial.accounts import permissions
from fiducial.accounts.models import User

from .models import Measurement, Project


def visible_projects(user: User, verb: str = permissions.SEE) -> QuerySet[Project]:
    """The projects of the labs in which `user` may do `verb` (by default: see)."""
    return Project.objects.filter(lab__in=permissions.labs_where_may(user, verb))


def visible_measurements(user: User, verb: str = permissions.SEE) -> QuerySet[Measurement]:
    """The measurements of the labs in which `user` may do `verb` (by default: see)."""
    labs = permissions.labs_where_may(user, verb)
    return Measurement.objects.filter(project__lab__in=labs)


def revision_path(measurement: Measurement, revision: int | None = None) -> str:
    """Where a closed revision lies, relative to STORE; the newest one when none is named."""
    number = measurement.revision if revision is None else revision
    return f"measurements/{measurement.pk}/r{number}.zarr"


def store_folder(measurement: Measurement, revision: int | None = None) -> Path:
    """The folder of a closed revision on this machine."""
    return settings.STORE / revision_path(measurement, revision)
