"""What may go after a while, by rules an operator sets: nothing unless a rule says so.

Two things go: uploads that were never finished, and results of runs on which nothing stands. The
row of a run stays, with its inputs: it can be queued again. Measured files never go by a rule.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from fiducial import places
from fiducial.accounts.models import Lab
from fiducial.measurements import folders
from fiducial.measurements.models import Measurement
from fiducial.runs.models import Run
from fiducial.trail.services import record
from workers.store import Place
from workers.store.places import remove as remove_all
from workers.store.places import size_of


@dataclass(frozen=True)
class Due:
    """A thing whose time is over."""

    thing: Measurement | Run
    lab: Lab
    what: str
    since: datetime
    places: tuple[Place, ...]

    @property
    def bytes(self) -> int:
        """How much room it takes now."""
        return sum(map(size_of, self.places))


def due() -> Iterator[Due]:
    """Everything that would go now, oldest first within its rule."""
    for upload in _unfinished().select_related("project__lab").order_by("created"):
        kept = (folders.quarantine(upload.pk), folders.revisions(upload.pk))
        yield Due(upload, upload.project.lab, "unfinished upload", upload.created, kept)
    for run in _results().select_related("measurement", "lab").order_by("finished"):
        kept = (places.of(run.store_path),)
        yield Due(run, run.lab, "results of a run", run.finished, kept)


def remove(found: Due) -> bool:
    """Let it go and note it in the trail of its lab; False when it is not due any more."""
    with transaction.atomic():
        if isinstance(found.thing, Run):
            gone = _results().filter(pk=found.thing.pk).update(store_path="")
        else:
            gone = _unfinished().filter(pk=found.thing.pk).delete()[0]
        if not gone:
            return False
        action = "run.expired" if isinstance(found.thing, Run) else "upload.expired"
        reason = f"of {found.since:%d %B %Y}"
        record(action, by=None, lab=found.lab, subject=found.thing, reason=reason)
    for place in found.places:  # only now: a row whose files are gone would be a loss
        remove_all(place)
    return True


def _unfinished() -> QuerySet[Measurement]:
    """Maps whose files never came whole. Announced windows stay: that they were counts."""
    return Measurement.objects.filter(
        state=Measurement.State.UPLOADING,
        kind=Measurement.Kind.MAP,
        created__lt=_limit(settings.KEEP_UNFINISHED_DAYS),
    )


def _results() -> QuerySet[Run]:
    """Results that no report was frozen from, no window audited and no window was chosen by, also
    not of what asks the network they taught.
    """
    old = Run.objects.filter(
        state=Run.State.SUCCEEDED, finished__lt=_limit(settings.KEEP_RESULTS_DAYS)
    ).exclude(store_path="")
    asked = Run.objects.exclude(after=None).exclude(
        Q(state__in=(Run.State.FAILED, Run.State.CANCELLED))
        | Q(state=Run.State.SUCCEEDED, reports=None)
    )
    standing = old.filter(reports=None, audits=None, placements=None)
    return standing.exclude(pk__in=asked.values("after"))


def _limit(days: float) -> datetime:
    """Older than this goes; 0 days mean for ever."""
    kept = timezone.now() - timedelta(days=days)
    return kept if days else datetime.min.replace(tzinfo=kept.tzinfo)
