"""Taking a run, holding it and letting it go: every step is one compare-and-swap on its row.

A claim raises the row's token; whoever holds an older token holds nothing. The same UPDATE works on
SQLite and on PostgreSQL, where row locks that skip locked rows would not (SQLite ignores them).
Leases are measured by the database's clock, so workers need not agree on the time.
"""

from collections.abc import Collection
from uuid import UUID

from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now

from fiducial.accounts.models import Lab, User
from fiducial.celery import LANES

from . import machine, telling, tiling, turns, use
from .holding import Held, lease_end
from .models import Run, Tile, Worker

State = Run.State


def claim(worker: str) -> Run | Tile | None:
    """Take the next run in turn that `worker` may take and has the memory for, or a tile of one
    that is shared; else None.
    """
    lanes, order = _duties(worker)
    if order != Worker.Order.SERVE:
        return None
    # Whoever is too late looks again: the labs stand differently now.
    passed: set[UUID] = set()
    while True:
        moment = use.under_way()
        free = room(worker, moment)
        spread_out = tiling.waiting() if any(run.in_tiles for run in moment.runs) else []
        shared = {run.pk: run for run in spread_out if run.lane in lanes}
        able = [run for run in shared.values() if run.memory <= free and run.pk not in passed]
        run = turns.first(lanes, free, moment, able)
        if run is None:
            return None
        if run.pk in shared:
            if tile := tiling.take(run.pk, worker, free):
                return tile
            passed.add(run.pk)
        elif _take(run, worker):
            return Run.objects.select_related("measurement").get(pk=run.pk)


def _take(run: turns.Waiting, worker: str) -> bool:
    """Make a waiting run the worker's. False where somebody was faster, or a cap is reached now."""
    with transaction.atomic():
        # Two claims for one person or lab wait for each other here on PostgreSQL, always for the
        # person first; on SQLite a transaction is the only one that writes.
        for model, pk in ((User, run.user), (Lab, run.lab)):
            model.objects.select_for_update(no_key=True).filter(pk=pk).values_list("pk").first()
        if turns.recounted(run).cap(run) is not None:
            return False
        waiting = Run.objects.filter(
            pk=run.pk, token=run.token, state=State.QUEUED, cancel_requested=False
        )
        return bool(
            waiting.update(
                state=State.RUNNING,
                token=F("token") + 1,
                attempt=F("attempt") + 1,
                worker=worker,
                lease_until=lease_end(),
                started=Now(),
                stage="starting",
                fraction=0.0,
                seconds_left=None,
            )
        )


def room(worker: str, moment: use.Moment | None = None) -> float:
    """Bytes a run may need: what is free here, and what is not promised to runs and tiles under way
    here (at `moment`, or now), which may not have reached their peak yet.
    """
    free, total = machine.free_memory(), machine.total_memory()
    here = "@" + worker.partition("@")[2]
    runs, tiles = moment or use.under_way()
    promised = sum(one.memory for one in (*runs, *tiles) if one.worker.endswith(here))
    return min(free, total - promised) if total else free


def renew(run: Run, **progress: object) -> Held:
    """Lengthen the lease and store `progress` (stage, fraction, seconds_left) with it."""
    _held(run).update(lease_until=lease_end(), **progress)
    return look(run)


def look(run: Run) -> Held:
    """Look, without writing, whether `run` is still ours and whether somebody cancelled it."""
    flag = _held(run).values_list("cancel_requested", flat=True).first()
    return Held(flag is not None, bool(flag))


def publish(run: Run, *, store_path: str, summary: dict, size: int) -> bool:
    """Make the result, of `size` bytes, the run's result. False when the lease was lost or the run
    was cancelled.
    """
    return _end(
        run,
        State.SUCCEEDED,
        _held(run).filter(cancel_requested=False),
        store_path=store_path,
        summary=summary,
        size=size,
        fraction=1.0,
        seconds_left=0.0,
        stage="",
        error="",
    )


def fail(run: Run, sentence: str) -> bool:
    """End the run with the reason a person will read. False when it is not ours any more."""
    return _end(run, State.FAILED, _held(run), error=sentence)


def cancel(run: Run) -> bool:
    """End the run because somebody asked. False when it is not ours any more."""
    return _end(run, State.CANCELLED, _held(run), error="")


def hand_back(run: Run) -> bool:
    """Put the run back because its worker stops: not the run's fault, so no attempt is counted."""
    return _return(_held(run), attempt=F("attempt") - 1, stage="")


def expired() -> QuerySet[Run]:
    """Runs whose worker gave no sign of life for a whole lease."""
    return Run.objects.filter(state=State.RUNNING, lease_until__lt=Now())


def return_expired(run: Run) -> bool:
    """Put a run whose worker was lost back into the queue. False when it came to life again."""
    return _return(_expired(run), stage="worker lost")


def return_killed(run: Run) -> bool:
    """Put a run whose process was killed back into the queue. False when it is no longer ours."""
    return _return(_held(run), stage="worker lost")


def fail_expired(run: Run, sentence: str) -> bool:
    """Give a run up whose worker was lost. False when it came to life again."""
    return _end(run, State.FAILED, _expired(run), error=sentence)


def cancel_expired(run: Run) -> bool:
    """End a cancelled run whose worker was lost. False when it came to life again."""
    return _end(run, State.CANCELLED, _expired(run), error="")


def may_take(worker: str) -> bool:
    """Whether an operator lets `worker` take more work."""
    return _duties(worker)[1] == Worker.Order.SERVE


def _duties(worker: str) -> tuple[Collection[str], str]:
    """The lanes a worker serves and what an operator wants of it; all, where it has no row yet."""
    row = Worker.objects.filter(name=worker).values_list("lanes", "order").first()
    return row or (LANES, Worker.Order.SERVE)


def _held(run: Run) -> QuerySet[Run]:
    return Run.objects.filter(pk=run.pk, state=State.RUNNING, token=run.token)


def _expired(run: Run) -> QuerySet[Run]:
    return _held(run).filter(lease_until__lt=Now())


@transaction.atomic
def _end(run: Run, state: State, held: QuerySet[Run], **changes: object) -> bool:
    ended = bool(held.update(state=state, finished=Now(), lease_until=None, **changes))
    if ended and state != State.CANCELLED:
        telling.tell(run.pk)
    return ended


def _return(held: QuerySet[Run], **changes: object) -> bool:
    return bool(
        held.update(
            state=State.QUEUED,
            started=None,  # what waits uses nothing
            lease_until=None,
            fraction=0.0,
            seconds_left=None,
            **changes,
        )
    )
