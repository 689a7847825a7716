"""How wake-up tickets travel: the Celery app, its options and why each has its value.

The run row is the truth and a message is only a ticket that says "look at the queue"; losing,
doubling or reordering tickets is harmless (see docs/queue.md).
"""

import os
from typing import Any

from celery import Celery, signals
from django.conf import settings
from kombu import Exchange, Queue
from kombu.transport import TRANSPORT_ALIASES

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fiducial.settings.embedded")
TRANSPORT_ALIASES["embedded"] = "fiducial.broker:Transport"

COMPUTE, INGEST = "compute", "ingest"
LANES = ("beamtime", "interactive", "batch")  # of runs, by precedence; each has tickets of its own
QUEUES = (COMPUTE, *LANES, INGEST)

# The default exchange addresses a queue by its name, so no bindings need to be kept (or corrupted).
_direct = Exchange("", type="direct")


def _embedded() -> bool:
    return not settings.BROKER_URL


def _transport_options() -> dict[str, object]:
    if _embedded():
        folder = settings.HOME / "broker"
        return {"folder": str(folder), "polling_interval": 0.2}
    return {
        # Redis hands an unacknowledged message out again after this time: it must outlast a run.
        "visibility_timeout": int(1.1 * settings.RUN_HARD_LIMIT_SECONDS) + 1,
        "socket_connect_timeout": 5,
        "socket_keepalive": True,
    }


@signals.setup_logging.connect
def _logs_are_set_up(**_: Any) -> None:
    """Keep Celery from setting logging up: workers log as the portal does, by LOGGING."""


app = Celery("fiducial")
app.conf.update(
    broker_url=settings.BROKER_URL or "embedded://localhost",
    broker_transport_options=_transport_options(),
    broker_connection_retry_on_startup=True,
    # Results live in the database; a result backend would be a second truth.
    result_backend=None,
    task_ignore_result=True,
    task_publish_retry=False,  # a page must not wait for a broker: the sweeper issues lost tickets
    accept_content=["json"],
    task_serializer="json",
    task_queues=[Queue(name, _direct, routing_key=name) for name in QUEUES],
    task_default_queue=COMPUTE,
    task_default_exchange="",
    task_create_missing_queues=False,  # a misspelt queue is an error, not a place to wait for ever
    # A ticket is acknowledged when its work is done, and never put back because a child died:
    # the sweeper counts attempts and issues new tickets. Put back, a run that kills its worker
    # would kill workers without end.
    task_acks_late=True,
    task_reject_on_worker_lost=False,
    task_soft_time_limit=0.9 * settings.RUN_HARD_LIMIT_SECONDS,
    task_time_limit=settings.RUN_HARD_LIMIT_SECONDS,
    worker_pool="prefork",
    worker_concurrency=1,
    worker_prefetch_multiplier=1,
    worker_max_tasks_per_child=8,  # whatever a library leaks goes with its process
    # A child that died is not waited for: its run's lease says what becomes of the run.
    worker_lost_wait=1.0,
    worker_soft_shutdown_timeout=10.0,
    worker_send_task_events=False,
    # On the embedded broker remote control would leave a mailbox behind for every dead worker.
    worker_enable_remote_control=not _embedded(),
    task_store_errors_even_if_ignored=False,
    timezone=settings.TIME_ZONE,
    enable_utc=True,
)
app.autodiscover_tasks(["fiducial.runs", "fiducial.measurements", "fiducial.audits"])
app.steps["worker"].add("fiducial.runs.parent:Parent")
