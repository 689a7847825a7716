"""One reading of the queue for everybody who asks within a second: hundreds of pages follow it.

Each process of the portal keeps its own. What a run is about to do is never decided by it.
"""

from collections.abc import Collection
from threading import Lock
from time import monotonic
from uuid import UUID

from django.conf import settings

from .models import Run
from .queries import Queue, read_queue

_lock = Lock()  # whoever comes while the queue is being read waits for that reading
_kept: tuple[float, Queue] | None = None


def queue(waiting: Collection[UUID] = ()) -> Queue:
    """The queue as it stood at most QUEUE_SEEN_SECONDS ago, with every run of `waiting` in it."""
    global _kept
    with _lock:
        if _kept is not None:
            read, found = _kept
            fresh = monotonic() - read < settings.QUEUE_SEEN_SECONDS
            if fresh and found.places.keys() >= set(waiting):
                return found
        # Before the rows are read: what changes meanwhile counts as not seen.
        began = monotonic()
        found = read_queue()
        _kept = began, found
        return found


def queue_of(*runs: Run) -> Queue:
    """The queue for what is said about `runs`."""
    queued = [run for run in runs if run.state == Run.State.QUEUED]
    return queue([run.pk for run in queued if not run.cancel_requested])
