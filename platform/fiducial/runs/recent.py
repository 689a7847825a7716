"""One reading of the queue for everybody who asks within a second: hundreds of pages follow it.

Each process of the portal keeps its own. Nothing about what happens to a run is decided by it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from threading import Lock
from time import monotonic
from uuid import UUID

from django.conf import settings

from .models import Run
from .queries import Queue, read_queue


@dataclass
class Reading:
    """The queue as it was read, and when; None before the first time."""

    queue: Queue | None = None
    since: float = 0.0
    lock: Lock = field(default_factory=Lock)  # who comes while it is read waits for that reading

    def get(self, waiting: Iterable[UUID]) -> Queue:
        """The queue as it is kept, or as it is now where that is too old or lacks a run."""
        with self.lock:
            if self.queue is None or not self._holds(waiting):
                self.since = monotonic()  # what changes while it is read counts as not seen
                self.queue = read_queue()
            return self.queue

    def _holds(self, waiting: Iterable[UUID]) -> bool:
        fresh = monotonic() - self.since < settings.QUEUE_SEEN_SECONDS
        return fresh and self.queue.places.keys() >= set(waiting)


_last = Reading()


def queue(waiting: Iterable[UUID]) -> Queue:
    """The queue as it stood at most QUEUE_SEEN_SECONDS ago, with every run of `waiting` in it."""
    return _last.get(waiting)


def queue_of(*runs: Run) -> Queue:
    """The queue for what is said about `runs`."""
    queued = [run for run in runs if run.state == Run.State.QUEUED]
    return queue([run.pk for run in queued if not run.cancel_requested])
