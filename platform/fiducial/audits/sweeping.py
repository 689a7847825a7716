"""Nothing waits for ever: windows not yet drawn are drawn, rescans not yet judged are judged."""

import logging
from datetime import timedelta

from django.db.models import Exists, OuterRef
from django.utils import timezone

from fiducial.celery import COMPUTE
from fiducial.measurements.models import Measurement
from fiducial.runs import tickets as run_tickets
from workers.store import StoreError

from . import pairing, queries, services, tickets
from .models import Audit, Placement
from .work import MAX_ATTEMPTS

State = Audit.State
MAX_DRAWN = 20  # at once; the next sweep draws the rest
LOST = timedelta(minutes=16)  # longer than a judgement may take

log = logging.getLogger(__name__)


def sweep() -> None:
    """Draw windows that are missing, find what rescans can judge, and have it judged."""
    draw_missing()
    pairing.check()
    pairing.pair()
    return_lost()
    issue_tickets()


def draw_missing() -> None:
    """Draw windows for every map that has none, so that its page offers them within a minute."""
    drawn = Placement.objects.filter(
        measurement=OuterRef("pk"), revision=OuterRef("revision"), kind=Placement.Kind.DRAWN
    )
    maps = queries.with_windows(Measurement.objects.all())
    for measurement in maps.filter(~Exists(drawn)).order_by("-state_since")[:MAX_DRAWN]:
        try:
            services.draw(measurement=measurement)
        except StoreError:
            log.exception("No windows could be drawn for measurement %s", measurement.pk)


def return_lost() -> None:
    """Put back what a worker took and never ended; after three times give it up."""
    now = timezone.now()
    lost = Audit.objects.filter(state=State.JUDGING, since__lt=now - LOST)
    lost.filter(attempt__gte=MAX_ATTEMPTS).update(
        state=State.REFUSED,
        since=now,
        refusal=f"Judging ended its worker {MAX_ATTEMPTS} times. Tell the operator.",
    )
    lost.update(state=State.WAITING, since=now)


def issue_tickets() -> None:
    """Send a ticket for every audit that waits without one."""
    waiting = Audit.objects.filter(state=State.WAITING).count()
    if waiting:
        tickets.issue(max(0, waiting - run_tickets.waiting(COMPUTE)))
