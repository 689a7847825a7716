"""Putting right what a dead worker, a lost ticket or a killed process left behind.

Every worker's parent process sweeps; all steps are compare-and-swaps or harmless when doubled, so
any number of sweepers may run at once.
"""

import logging
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from fiducial.accounts import letters
from fiducial.audits.sweeping import sweep as audits
from fiducial.live import services as live
from fiducial.measurements import services as measurements

from . import folders, following, leases, tickets, tiling, words
from .models import Run, Tile

MAX_TICKETS = 100  # at once; the next sweep sends the rest

log = logging.getLogger(__name__)


def sweep() -> None:
    """Do every step; one that fails is logged and does not keep the others from being done."""
    steps: tuple[Callable[[], None], ...] = (
        end_cancelled,
        end_expired_leases,
        end_expired_tiles,
        following.end_in_vain,
        remove_debris,
        issue_lost_tickets,
        live.sweep,
        measurements.sweep,
        audits,
        letters.forget,
    )
    for step in steps:
        try:
            step()
        except Exception:
            log.exception("The sweep's step %s failed; it is tried again", step.__name__)


def end_cancelled() -> None:
    """End runs that were cancelled while they were on their way back into the queue."""
    waiting = Run.objects.filter(state=Run.State.QUEUED, cancel_requested=True)
    waiting.update(state=Run.State.CANCELLED, finished=Now())


def end_expired_leases() -> None:
    """Take runs away from workers that gave no sign of life for a whole lease."""
    over_limit = set(_over_limit().values_list("pk", flat=True))
    for run in leases.expired():
        if run.cancel_requested:
            ended = leases.cancel_expired(run)
        elif run.pk in over_limit:
            ended = leases.fail_expired(run, words.over_time_limit())
        elif run.attempt >= settings.RUN_MAX_ATTEMPTS:
            sentence = words.worker_lost_for_good(run.attempt, run.stage, run.percent)
            ended = leases.fail_expired(run, sentence)
        else:
            ended = leases.return_expired(run)
        if ended:
            log.warning(
                "Run %s: worker %s was lost (attempt %s)",
                *(run.pk, run.worker, run.attempt),
                extra={"run": run.pk},
            )
            run.refresh_from_db()
            folders.discard_unpublished(run)  # and by "remove_debris" what lies in a bucket


def end_killed(worker: str) -> None:
    """Put back the run whose process was killed while `worker` lives; the second time end it.

    So ends a process for which the kernel has no memory: another attempt would end as this one.
    """
    for tile in Tile.objects.filter(state=Tile.State.RUNNING, worker=worker):
        _end_killed_tile(tile)
    run = Run.objects.filter(state=Run.State.RUNNING, worker=worker).order_by("started").first()
    if run is None:
        return
    if run.cancel_requested:
        leases.cancel(run)
    elif run.attempt > 1:
        leases.fail(run, words.killed_again())
    else:
        leases.return_killed(run)
    log.warning("Run %s: its process was killed (attempt %s)", run.pk, run.attempt)
    run.refresh_from_db()
    folders.discard_unpublished(run)


def _end_killed_tile(tile: Tile) -> None:
    if tile.attempt > 1:
        tiling.fail(tile, words.killed_again())
    else:
        tiling.return_killed(tile)
    log.warning(
        "Run %s: the process of tile %s was killed (attempt %s)",
        *(tile.run_id, tile.number, tile.attempt),
    )


def end_expired_tiles() -> None:
    """Let tiles wait again whose worker was lost: each costs its run that one tile."""
    limit = timezone.now() - timedelta(seconds=words.soft_limit())
    for tile in tiling.expired():
        if tile.run.is_final:
            ended = tiling.stop_expired(tile)
        elif tile.started and tile.started < limit:
            ended = tiling.fail_expired(tile, words.over_time_limit())
        elif tile.attempt >= settings.RUN_MAX_ATTEMPTS:
            ended = tiling.fail_expired(tile, words.tile_lost_for_good(tile.attempt))
        else:
            ended = tiling.return_expired(tile)
        if ended:
            log.warning(
                "Run %s: worker %s was lost with tile %s (attempt %s)",
                *(tile.run_id, tile.worker, tile.number, tile.attempt),
                extra={"run": tile.run_id},
            )


def issue_lost_tickets() -> None:
    """Send a ticket for every run that could start, and every waiting tile, that has none."""
    wanted: Counter[str] = Counter()
    queued = Run.objects.filter(following.READY, state=Run.State.QUEUED)
    for lane, count in _by_lane(queued, "lane"):
        wanted[lane] += count
    shared = Tile.objects.filter(state=Tile.State.WAITING, run__in_tiles=True)
    for lane, count in _by_lane(shared, "run__lane"):
        wanted[lane] += count
    for run in tiling.waiting():  # a finish that nobody took
        wanted[run.lane] = max(wanted[run.lane], 1)
    for lane, count in wanted.items():
        missing = count - tickets.waiting(lane)
        if missing > 0:
            tickets.issue(lane, min(missing, MAX_TICKETS))


def _by_lane(rows: QuerySet[Any], lane: str) -> Iterable[tuple[str, int]]:
    return rows.order_by().values_list(lane).annotate(count=Count("pk"))


def remove_debris() -> None:
    """Remove what killed processes left of runs that ended within the last hour."""
    recent = Run.objects.filter(finished__gt=Now() - timedelta(hours=1))
    for run in recent.only("pk", "state", "token", "store_path"):
        folders.discard_unpublished(run)
        folders.discard_objects(run)


def _over_limit() -> QuerySet[Run]:
    limit = timedelta(seconds=words.soft_limit())
    return leases.expired().filter(started__lt=Now() - limit)
