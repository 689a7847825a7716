"""Waking a worker. A ticket names no run: the rows say what waits, the worker what it takes."""

import logging

from kombu.exceptions import KombuError

from fiducial.celery import app

TASK = "runs.work"

log = logging.getLogger(__name__)


def issue(lane: str, count: int = 1) -> None:
    """Send wake-up tickets to the workers that serve `lane`.

    One that cannot be sent is only logged: the sweeper replaces it.
    """
    try:
        for _ in range(count):
            app.send_task(TASK, queue=lane)
    except (KombuError, OSError):
        log.warning("No run ticket could be sent; the sweeper will send another", exc_info=True)


def waiting(queue: str) -> int:
    """How many tickets lie unread in a queue of the broker."""
    with app.connection_for_write() as connection:
        channel = connection.default_channel
        return channel.queue_declare(queue).message_count
