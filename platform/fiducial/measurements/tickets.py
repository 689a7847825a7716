"""Waking a worker that reads uploads. A ticket names nothing: the rows say what waits."""

import logging

from kombu.exceptions import KombuError

from fiducial.celery import INGEST, app

TASK = "measurements.ingest"

log = logging.getLogger(__name__)


def issue(count: int = 1) -> None:
    """Send wake-up tickets. One that cannot be sent is only logged: the sweeper replaces it."""
    try:
        for _ in range(count):
            app.send_task(TASK, queue=INGEST)
    except (KombuError, OSError):
        log.warning("No ingest ticket could be sent; the sweeper will send another", exc_info=True)


def waiting() -> int:
    """How many tickets lie unread in the broker."""
    with app.connection_for_write() as connection:
        return connection.default_channel.queue_declare(INGEST).message_count
