"""Doing one run: claim, compute, publish; every way it can end leaves one clear row behind."""

import errno
import logging
from collections.abc import Callable
from time import sleep

from celery.exceptions import SoftTimeLimitExceeded
from django.db import DatabaseError, InterfaceError, connection

from fiducial.measurements.queries import store_folder
from fiducial.operations import logs
from workers import run as door
from workers.store import Unreachable

from . import beside, carrying, folders, following, leases, tickets, tiling, words
from .models import Run, Tile
from .watch import Watch, Why, settle

log = logging.getLogger(__name__)
NO_ROOM = {errno.ENOSPC, errno.EDQUOT}


def work_one(worker: str) -> None:
    """Take the next run in turn, or a tile of one, if any, and bring it to an end."""
    taken = leases.claim(worker)
    if isinstance(taken, Tile):
        with logs.of_run(taken.run_id):
            _work_tile(taken)
    elif taken:
        with logs.of_run(taken.pk):
            _begin(taken)
            following.follow(taken)


def _begin(run: Run) -> None:
    """Share a large run with other workers and take a tile of it; do a small one as a whole."""
    worker = run.worker
    folders.discard_unpublished(run)
    if not tiling.spread(run):
        _work(run)
        return
    undone = run.tiles.exclude(state=Tile.State.DONE).count()
    tickets.issue(run.lane, max(0, undone - 1))
    taken = tiling.take(run.pk, worker, leases.room(worker))
    if isinstance(taken, Tile):
        _work_tile(taken)
    elif taken:
        _work(taken)


def _work_tile(tile: Tile) -> None:
    run = tile.run
    log.info("Run %s: tile %s, attempt %s, on %s", run.pk, tile.number, tile.attempt, tile.worker)
    try:
        with Watch(tile) as watch, carrying.inputs(run, watch) as local:
            door.tile(
                run.recipe,
                tile.number,
                local(store_folder(run.measurement, run.measurement_revision)),
                folders.tiles(run),
                beside.located(run, local),
                seed=run.seed,
                report=watch.report,
                should_stop=watch.should_stop,
            )
        closed = _insist(lambda: tiling.close(tile))
    except door.Stopped:
        log.info("Run %s: tile %s stopped: %s", run.pk, tile.number, watch.why)
        settle(tile, watch.why)
    except SystemExit:
        settle(tile, Why.STOPPING)
        raise
    except Exception as error:
        log.warning("Run %s failed at tile %s", run.pk, tile.number, exc_info=error)
        sentence = _sentence(run, error)
        folders.discard_tiles(run)  # first: on a full disk this is what makes room for the row
        _insist(lambda: tiling.fail(tile, sentence))
    else:
        _finish_after(tile, closed=closed)


def _finish_after(tile: Tile, *, closed: bool) -> None:
    """Finish the run whose last tile this was, unless an operator wants this worker to rest."""
    if not closed:
        log.warning("Run %s: tile %s is not ours any more", tile.run_id, tile.number)
        settle(tile, Why.FENCED)
    elif leases.may_take(tile.worker):
        run = tiling.finish(tile.run_id, tile.worker, leases.room(tile.worker))
        if run is not None:
            _work(run)


def _work(run: Run) -> None:
    log.info("Run %s: attempt %s, token %s, on %s", run.pk, run.attempt, run.token, run.worker)
    kept = folders.tiles(run) if run.tiles.exists() else None
    before = tiling.split_of(run).share if kept else 0.0
    try:
        with Watch(run) as watch, carrying.inputs(run, watch) as local:
            summary = door.run(
                run.recipe,
                local(store_folder(run.measurement, run.measurement_revision)),
                folders.output(run),
                beside.located(run, local),
                seed=run.seed,
                report=lambda stage, share: watch.report(stage, before + (1 - before) * share),
                should_stop=watch.should_stop,
                kept=kept,
            )
            carrying.keep(run, watch)
        _publish(run, summary)
    except door.Stopped:
        log.info("Run %s stopped: %s", run.pk, watch.why)
        settle(run, watch.why)
    except SystemExit:  # this very process was told to go, with all others of its worker
        settle(run, Why.STOPPING)
        raise
    except Exception as error:
        _give_up(run, error)


def _publish(run: Run, summary: dict) -> None:
    """Make the result count, if the lease still holds; otherwise leave no trace of it."""
    path, size = folders.output_path(run), folders.size(run)
    published = _insist(lambda: leases.publish(run, store_path=path, summary=summary, size=size))
    if published:
        log.info("Run %s succeeded", run.pk)
        folders.discard_tiles(run)
    else:
        log.warning("Run %s: token %s is not valid any more, result refused", run.pk, run.token)
        folders.discard(run)
        leases.cancel(run)  # holds only where the refusal was a cancellation


def _give_up(run: Run, error: Exception) -> None:
    log.warning("Run %s failed", run.pk, exc_info=error)
    folders.discard(run)  # first: on a full disk this is what makes room for the row
    folders.discard_tiles(run)
    sentence = _sentence(run, error)
    _insist(lambda: leases.fail(run, sentence))


def _insist(step: Callable[[], bool]) -> bool:
    """Try a database step through a short outage, for about as long as the lease lasts."""
    for seconds in (0.5, 1, 2, 4, 8, 16, 16):
        try:
            return step()
        except (DatabaseError, InterfaceError):
            log.warning("The database does not answer; trying again", exc_info=True)
            connection.close()
            sleep(seconds)
    return step()


def _sentence(run: Run, error: Exception) -> str:
    """What a person reads about `error`. Only our own sentences: a library's may show paths."""
    if isinstance(error, door.RunError):
        return str(error)
    if isinstance(error, SoftTimeLimitExceeded):
        return words.over_time_limit()
    if isinstance(error, Unreachable):
        return words.store_away(str(error))
    if _is_no_room(error):
        return (
            "The disk is full: the result could not be written, and nothing of it was kept. "
            "Ask an operator to make room, then retry; your inputs are kept."
        )
    if _is_no_memory(error):
        return words.out_of_memory()
    return (
        f"The run stopped because of a fault in the program ({type(error).__name__}). "
        f"An operator finds the details in the worker's log under {run.pk}."
    )


def _is_no_memory(error: Exception) -> bool:
    """Also what torch raises, which is told by its name: the portal does not import torch."""
    return (
        isinstance(error, MemoryError)
        or type(error).__name__ == "OutOfMemoryError"
        or (isinstance(error, RuntimeError) and "can't allocate memory" in str(error))
    )


def _is_no_room(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, OSError) and error.errno in NO_ROOM:
            return True
        error = error.__cause__ or error.__context__
    return False
