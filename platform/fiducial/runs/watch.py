"""The thread beside a running recipe: keeps its lease, shows its progress, tells it to stop."""

import logging
import os
import signal
import threading
from contextvars import copy_context
from enum import StrEnum
from time import monotonic
from types import TracebackType

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection

from . import folders, leases, tiling
from .holding import Held
from .models import Run, Tile
from .progress import Progress
from .stopping import hand_back_is_wanted

GRACE_SECONDS = 2.5  # how long a recipe may take to obey before its process is ended

log = logging.getLogger(__name__)


class Why(StrEnum):
    """Why a recipe must stop."""

    CANCELLED = "cancelled"  # somebody asked
    FENCED = "fenced"  # the lease was lost: somebody else has the run, or it is over
    STOPPING = "stopping"  # this worker goes down or pauses, and hands the run back


class Watch:
    """Use as a context around the recipe; `report` and `should_stop` are what the recipe calls."""

    def __init__(self, held: Run | Tile) -> None:
        self._held = held
        self._run = held.run_id if isinstance(held, Tile) else held.pk
        self.why: Why | None = None
        self._progress = Progress()
        self._stage = ""
        self._over = threading.Event()
        self._tick = min(1.0, settings.HEARTBEAT_SECONDS / 2)
        self._next_renewal = 0.0
        self._told = 0.0
        # In the recipe's context, so that its lines name the run, too.
        self._thread = threading.Thread(
            target=copy_context().run, args=(self._beat_on,), name=f"watch-{self._run}", daemon=True
        )

    def report(self, stage: str, fraction: float) -> None:
        """Called by the recipe, as often as it likes; the row is written about once a second."""
        if stage != self._stage:
            self._stage = stage
            log.info("Run %s: %s", self._run, stage)
        self._progress.update(stage, fraction)

    def should_stop(self) -> bool:
        """Called by the recipe between its steps."""
        return self.why is not None

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        self._thread.join()

    def _beat_on(self) -> None:
        while not self._over.wait(self._tick):
            try:
                self._beat()
            except (DatabaseError, InterfaceError):
                # The lease outlives a short outage; the next beat opens a new connection.
                log.warning("Run %s: no heartbeat could be written", self._run, exc_info=True)
                connection.close()
        connection.close()

    def _beat(self) -> None:
        if self.why is None:
            self._look()
        elif monotonic() - self._told > GRACE_SECONDS:
            self._end_process()

    def _look(self) -> None:
        changes = self._progress.changes()
        if changes or monotonic() >= self._next_renewal:
            held = _renew(self._held, **changes)
            self._next_renewal = monotonic() + settings.HEARTBEAT_SECONDS
        else:
            held = _look(self._held)
        if not held.valid:
            self._tell(Why.FENCED)
        elif held.cancel_requested:
            self._tell(Why.CANCELLED)
        elif hand_back_is_wanted():
            self._tell(Why.STOPPING)

    def _tell(self, why: Why) -> None:
        self._told, self.why = monotonic(), why

    def _end_process(self) -> None:
        """The recipe does not listen: settle the row, then end this process from outside."""
        log.warning("Run %s did not stop (%s); ending its process", self._run, self.why)
        settle(self._held, self.why)
        connection.close()
        os.kill(os.getpid(), signal.SIGKILL)


def _renew(held: Run | Tile, **changes: object) -> Held:
    return (
        tiling.renew(held, **changes) if isinstance(held, Tile) else leases.renew(held, **changes)
    )


def _look(held: Run | Tile) -> Held:
    return tiling.look(held) if isinstance(held, Tile) else leases.look(held)


def settle(run: Run | Tile, why: Why | None) -> None:
    """Put into the row what a stopped run or tile has become, and remove what it wrote."""
    if isinstance(run, Tile):
        tiling.settle(run)
        return
    folders.discard(run)
    if why is Why.CANCELLED:
        leases.cancel(run)
    elif why is Why.STOPPING:
        leases.hand_back(run)
