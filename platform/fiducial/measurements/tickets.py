"""Waking a worker that reads uploads. A ticket names nothing: the rows say what waits."""

import logging

from kombu.exceptions import KombuError

from fiducial.celery import INGEST, app

TASK = "measurements.ingest"

log = logging.getLogger(__name__)


def issue() -> None:
    """Send one wake-up ticket; a lost one is replaced by the sweeper, so failure is only logged."""
    try:
        app.send_task(TASK, queue=INGEST)
    except (KombuError, OSError):
        log.warning("No ingest ticket could be sent; the sweeper will send another", exc_info=True)
