"""What a lab used, month by month: runs, seconds of computing, bytes sent and kept."""

import csv
import io
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import astuple, dataclass, fields
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count, DurationField, ExpressionWrapper, F, Q, QuerySet, Sum
from django.db.models.functions import TruncMonth

from fiducial import places
from fiducial.accounts import permissions
from fiducial.accounts.models import Lab, User
from fiducial.learning.models import TaughtModel
from fiducial.measurements import folders
from fiducial.measurements.models import Measurement, UploadedFile
from fiducial.reports.models import Report
from fiducial.runs.models import Run, Tile
from workers.store.places import size_of

State = Run.State


@dataclass
class Month:
    """One line of the table; its fields are the columns."""

    month: str  # "2026-11", UTC
    runs_finished: int = 0
    runs_failed: int = 0
    runs_cancelled: int = 0
    compute_seconds: int = 0  # of the last attempt of every run that ended, and of its tiles
    uploaded_bytes: int = 0
    stored_bytes: int = 0  # at the end of the month, of what is there now


def accounted_labs(user: User) -> QuerySet[Lab]:
    """The labs whose usage `user` may see: those they own; all, for an operator."""
    if permissions.may_operate(user):
        return Lab.objects.all()
    return permissions.labs_where_may(user, permissions.MANAGE)


def monthly(lab: Lab) -> list[Month]:
    """Every month in which something happened, oldest first."""
    found: defaultdict[str, Month] = defaultdict(lambda: Month(""))
    for row in _ended(lab):
        month = found[_name(row["month"])]
        month.runs_finished, month.runs_failed = row["finished_"], row["failed"]
        month.runs_cancelled = row["cancelled"]
        month.compute_seconds = round(row["took"].total_seconds()) if row["took"] else 0
    for when, took in _tiles(lab):
        found[_name(when)].compute_seconds += round(took.total_seconds())
    for when, number in _uploaded(lab):
        found[_name(when)].uploaded_bytes = number
    for when, number in _kept(lab):
        found[_name(when)].stored_bytes += number
    stored = 0
    for name in sorted(found):
        stored += found[name].stored_bytes
        found[name].month, found[name].stored_bytes = name, stored
    return [found[name] for name in sorted(found)]


def table(months: list[Month]) -> str:
    """The months as CSV."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(field.name for field in fields(Month))
    writer.writerows(map(astuple, months))
    return text.getvalue()


def _ended(lab: Lab) -> QuerySet[Run, dict]:
    took = ExpressionWrapper(F("finished") - F("started"), output_field=DurationField())
    ended = Run.objects.filter(lab=lab, finished__isnull=False)
    counts = {
        "finished_": Count("pk", filter=Q(state=State.SUCCEEDED)),
        "failed": Count("pk", filter=Q(state=State.FAILED)),
        "cancelled": Count("pk", filter=Q(state=State.CANCELLED)),
        "took": Sum(took),
    }
    return ended.annotate(month=TruncMonth("finished")).values("month").annotate(**counts)


def _tiles(lab: Lab) -> QuerySet[Tile, tuple[datetime, timedelta]]:
    """Months, and what tiles took in them: a run that workers shared is charged by its tiles."""
    took = ExpressionWrapper(F("finished") - F("started"), output_field=DurationField())
    ended = Tile.objects.filter(run__measurement__project__lab=lab, finished__isnull=False)
    by_month = ended.annotate(month=TruncMonth("finished")).values_list("month")
    return by_month.annotate(took=Sum(took))


def _uploaded(lab: Lab) -> QuerySet[UploadedFile, tuple[datetime, int]]:
    files = UploadedFile.objects.filter(measurement__project__lab=lab, complete=True)
    by_month = files.annotate(month=TruncMonth("created")).values_list("month")
    return by_month.annotate(Sum("size"))


def _kept(lab: Lab) -> Iterator[tuple[datetime, int]]:
    """The bytes of everything of the lab in the store, and since when they have been there."""
    measured = Measurement.objects.filter(project__lab=lab)
    for key, created in measured.values_list("pk", "created"):
        yield created, size_of(folders.quarantine(key))
        yield created, size_of(folders.revisions(key))
    results = Run.objects.filter(lab=lab, state=State.SUCCEEDED).exclude(store_path="")
    for path, size, finished in results.values_list("store_path", "size", "finished"):
        # A bucket would be asked for each; what was carried there was counted then.
        yield finished, size if settings.OBJECTS else size_of(places.of(path))
    for model in TaughtModel.objects.filter(lab=lab):
        yield model.kept, model.size
    reports = Report.objects.filter(run__lab=lab)
    for path, frozen in reports.values_list("path", "frozen"):
        yield frozen, size_of(places.here(path))


def _name(when: datetime) -> str:
    return f"{when:%Y-%m}"
