"""Reading reports; a person sees those of the runs they see."""

from django.db.models import QuerySet

from fiducial.accounts import permissions
from fiducial.accounts.models import User
from fiducial.runs.models import Run

from .models import Report


def visible_reports(user: User, verb: str = permissions.SEE) -> QuerySet[Report]:
    """The reports of the labs in which `user` may do `verb` (by default: see)."""
    found = Report.objects.filter(run__lab__in=permissions.lab_keys(user, verb))
    return found.select_related("run__measurement__project", "run__lab", "frozen_by")


def reports_of(run: Run) -> QuerySet[Report]:
    """The frozen versions of a run, newest first."""
    return run.reports.select_related("frozen_by").order_by("-version")
