"""What a worker does with an ingest ticket. Imported by workers, dispatched by name."""

from celery import shared_task
from django.conf import settings

from . import services, tickets

# The reading process ends itself first, then `services.ingest` ends it, and only then Celery.
SOFT_SECONDS = settings.INGEST_SECONDS + 30


@shared_task(
    name=tickets.TASK,
    soft_time_limit=SOFT_SECONDS,
    time_limit=SOFT_SECONDS + 20,
    ignore_result=True,
)
def ingest() -> None:
    """Read the measurement that has waited longest, if one waits."""
    services.ingest_next()
