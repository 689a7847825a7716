"""What a worker's parent process does besides Celery: checks its options, sweeps, says it lives,
carries letters.
"""

import logging
import os
import sys
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

from billiard.exceptions import WorkerLostError
from celery import bootsteps
from celery.signals import task_failure
from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.db.models.functions import Now

from fiducial import broker
from fiducial.accounts import letters
from fiducial.celery import LANES

from . import machine, stopping, sweeper
from .models import Worker

T = TypeVar("T")
log = logging.getLogger(__name__)

# A child forked in the middle of a sweep would inherit half a database conversation.
_no_fork = threading.RLock()
os.register_at_fork(
    before=_no_fork.acquire, after_in_parent=_no_fork.release, after_in_child=_no_fork.release
)


def wrong_options(worker: Any) -> list[str]:
    """Say what about a worker's options would break a promise of the queue."""
    conf, wrong = worker.app.conf, []
    pool = worker.pool_cls if isinstance(worker.pool_cls, str) else worker.pool_cls.__module__
    if "prefork" not in pool:
        wrong.append("the pool must be prefork: a run is ended by ending its process")
    if worker.concurrency != 1 or worker.autoscale:
        wrong.append("concurrency must be 1: start one worker per GPU or per share of cores")
    if worker.prefetch_multiplier != 1:
        wrong.append("the prefetch multiplier must be 1: a busy worker must not hoard tickets")
    if not conf.task_acks_late or conf.task_reject_on_worker_lost:
        wrong.append("tickets must be acknowledged late and never rejected when a child dies")
    if conf.result_backend:
        wrong.append("there must be no result backend: the database holds the results")
    if set(conf.accept_content) != {"json"}:
        wrong.append("only JSON messages may be accepted")
    if not conf.task_time_limit or not conf.task_soft_time_limit:
        wrong.append("every task needs a soft and a hard time limit")
    visibility = conf.broker_transport_options.get("visibility_timeout")
    if visibility is not None and visibility < 1.1 * conf.task_time_limit:
        wrong.append("Redis must wait 1.1 times the hard limit before handing a ticket out again")
    if "torch" in sys.modules:
        wrong.append("the parent must not import torch: CUDA does not survive a fork")
    return wrong


class Parent(bootsteps.StartStopStep):
    """Starts after the pool, stops before it; one thread sweeps at every heartbeat, another one
    carries letters: the mail server may take its time.
    """

    requires = ("celery.worker.components:Pool",)

    def __init__(self, worker: Any, **kwargs: Any) -> None:
        super().__init__(worker, **kwargs)
        wrong = wrong_options(worker)
        if wrong:
            raise SystemExit("This worker was not started: " + "; ".join(wrong) + ".")
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._sweep_on, daemon=True, name="sweeper")
        self._carrier = threading.Thread(target=self._carry_on, daemon=True, name="carrier")

    def start(self, worker: Any) -> None:
        self._name = worker.hostname
        self._worker = worker
        self._queues = sorted(worker.app.amqp.queues.consume_from)
        self._serving = True
        if not settings.BROKER_URL:
            broker.clear_debris(settings.HOME / "broker")
        task_failure.connect(self._child_ended, weak=False)
        self._thread.start()
        self._carrier.start()

    def stop(self, worker: Any) -> None:
        """Stop sweeping and say goodbye; called for warm and for cold shutdowns."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join(timeout=10)
        self._in_peace(lambda: Worker.objects.filter(name=worker.hostname).delete())

    terminate = stop

    def _child_ended(self, exception: BaseException | None = None, **kwargs: Any) -> None:
        """Hear of a child killed from outside: not by us, who settle the row of a run first."""
        if isinstance(exception, WorkerLostError) and "SIGKILL" in str(exception):
            with _no_fork:
                self._in_peace(lambda: sweeper.end_killed(self._name))

    def _sweep_on(self) -> None:
        while not self._over.is_set():
            with _no_fork:
                self._in_peace(self._say_alive)
                self._in_peace(sweeper.sweep)
            self._over.wait(settings.HEARTBEAT_SECONDS)

    def _carry_on(self) -> None:
        while not self._over.wait(settings.HEARTBEAT_SECONDS):
            while (letter := self._alone(letters.take)) and letters.deliver(letter):
                self._alone(lambda sent=letter: letters.note_sent(sent))

    def _alone(self, step: Callable[[], T]) -> T | None:
        """Do a step with the database while nothing is forked; nobody waits for a mail server."""
        with _no_fork:
            return self._in_peace(step)

    def _say_alive(self) -> None:
        about = {
            "queues": [queue for queue in self._queues if queue not in LANES],
            "lanes": [lane for lane in LANES if lane in self._queues],
            "seen": Now(),
            "version": settings.VERSION,
            "memory": machine.total_memory(),
            "gpus": machine.gpus(),
        }
        row, _ = Worker.objects.update_or_create(name=self._name, defaults=about)
        self._obey(row.order)
        Worker.objects.filter(seen__lt=Now() - timedelta(days=1)).delete()

    def _obey(self, order: str) -> None:
        """Take tickets or leave them to others, and have a run handed back, as an operator wants.

        The claim looks at the order too: a ticket that is here already starts nothing.
        """
        stopping.pause(order == Worker.Order.PAUSE)
        serve = order == Worker.Order.SERVE
        consumer = self._worker.consumer
        if serve == self._serving or consumer is None:
            return
        change = consumer.add_task_queue if serve else consumer.cancel_task_queue
        for queue in self._queues:
            consumer.call_soon(change, queue)  # its own thread is the broker's
        self._serving = serve
        log.info("An operator's order: %s", order)

    def _in_peace(self, step: Callable[[], T]) -> T | None:
        """Do a step on a connection of its own that is closed again before any fork."""
        try:
            return step()
        except (DatabaseError, InterfaceError):
            log.warning("The database does not answer; trying again later", exc_info=True)
            return None
        finally:
            connection.close()
