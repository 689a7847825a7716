"""Nothing waits for ever: readers that vanished are replaced, lost tickets sent again."""

from datetime import timedelta

from django.conf import settings
from django.db.models import F
from django.utils import timezone

from .. import tickets
from ..models import Measurement

State = Measurement.State
GRACE_SECONDS = 60  # a reader past its own limit by this much is gone, not slow
MAX_TICKETS = 100  # at once; the next sweep sends the rest


def sweep() -> None:
    """Return measurements whose reader vanished to the queue, and wake a worker for what waits."""
    now = timezone.now()
    vanished = Measurement.objects.filter(
        state=State.INGESTING,
        state_since__lt=now - timedelta(seconds=settings.INGEST_SECONDS + GRACE_SECONDS),
    )
    lost = {"state_since": now, "ingest_losses": F("ingest_losses") + 1}
    hopeless = vanished.filter(ingest_losses__gte=settings.INGEST_MAX_LOSSES - 1)
    hopeless.filter(revision=0).update(state=State.REFUSED, problems=[_gave_up()], **lost)
    # An earlier revision can still be read; only the correction is given up.
    hopeless.update(state=State.ATTENTION, problems=[_gave_up()], **lost)
    vanished.update(state=State.QUARANTINED, **lost)
    _issue_lost_tickets()


def _issue_lost_tickets() -> None:
    """Send a ticket for every waiting measurement that has none."""
    waiting = Measurement.objects.filter(state=State.QUARANTINED).count()
    missing = waiting - tickets.waiting() if waiting else 0
    tickets.issue(max(0, min(missing, MAX_TICKETS)))


def _gave_up() -> dict[str, str]:
    return {
        "severity": "refused",
        "where": "all files",
        "what": f"Reading these files ended the reader {settings.INGEST_MAX_LOSSES} times.",
        "do": "Export the map again or in another format; tell the operator if that fails as well.",
    }
