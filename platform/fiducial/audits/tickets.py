"""Waking a worker that judges. A ticket names nothing: the rows say what waits."""

import logging

from kombu.exceptions import KombuError

from fiducial.celery import COMPUTE, app

TASK = "audits.judge"

log = logging.getLogger(__name__)


def issue(count: int = 1) -> None:
    """Send wake-up tickets. One that cannot be sent is only logged: the sweeper replaces it."""
    try:
        for _ in range(count):
            app.send_task(TASK, queue=COMPUTE)
    except (KombuError, OSError):
        log.warning("No audit ticket could be sent; the sweeper will send another", exc_info=True)
