"""Sharing one large run among workers: its tiles are rows, claimed and held as runs are.

A worker that claims such a run lets it go again in favour of its tiles. Whoever closes the last of
them claims the run once more and finishes it, as though it had been one piece: by one
compare-and-swap on the run's row, so it happens once however many close at the same moment.
The conditions of a swap stand on the row that changes; what other rows say is asked by EXISTS.
"""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Case, Exists, F, OuterRef, QuerySet, Sum, When
from django.db.models.functions import Now

from workers.recipes.catalogue import RECIPES
from workers.recipes.parameters import Split

from . import telling, use, words
from .holding import Held, lease_end
from .models import Run, Tile, Worker
from .turns import BIGGEST, Waiting

State = Tile.State
MIN_FRACTION = 0.02  # below this an extrapolation says nothing

# What ends with a run that was under way in tiles; its tiles are charged by themselves.
ENDED = {"in_tiles": False, "started": Now(), "finished": Now(), "lease_until": None}

_UNDER_WAY = Exists(Run.objects.filter(pk=OuterRef("run"), state=Run.State.RUNNING, in_tiles=True))
_UNFINISHED = Exists(Tile.objects.filter(run=OuterRef("pk")).exclude(state=State.DONE))


def split_of(run: Run) -> Split:
    """How far the work of `run` can be shared, by its recipe.

    With arrays in a bucket it is not: workers meet in a folder that all of them see.
    """
    if settings.OBJECTS:
        return Split(1, 0.0)
    recipe = RECIPES.get(run.recipe)
    try:
        return recipe.split(run.parameters, run.measurement.summary) if recipe else Split(1, 0.0)
    except KeyError:  # parameters of an older version of the recipe
        return Split(1, 0.0)


def memory_of_tile(run: Run) -> int:
    """Bytes that a tile of `run` needs; those of the whole run where its recipe does not say."""
    said = RECIPES[run.recipe].tile_memory(run.parameters, run.measurement.summary)
    return min(int(said), run.whole_memory) or run.whole_memory


def memory_to_begin(run: Run) -> int:
    """Bytes that a worker needs to begin with `run`: enough for a tile where workers share it.

    Where nobody who is there could finish it, enough for all of it: no tile is computed in vain.
    """
    recently = Now() - timedelta(seconds=settings.LEASE_SECONDS)
    sizes = Worker.objects.filter(seen__gt=recently, memory__gt=0).values_list("memory", flat=True)
    if split_of(run).tiles == 1 or (sizes and max(sizes) < run.whole_memory):
        return run.whole_memory
    return memory_of_tile(run)


def spread(run: Run) -> bool:
    """Let a claimed run go in favour of its tiles; False where it has none that are not done, and
    whoever claimed it has the memory to finish it.
    """
    split = split_of(run)
    if split.tiles == 1:
        return False
    with transaction.atomic():
        each = run.estimated * split.share / split.tiles
        numbers = set(range(split.tiles)) - set(run.tiles.values_list("number", flat=True))
        Tile.objects.bulk_create(
            [Tile(run=run, number=number, estimated=each) for number in sorted(numbers)],
            ignore_conflicts=True,  # a worker that was lost, and awoke, may do it too
        )
        ours = Run.objects.filter(pk=run.pk, state=Run.State.RUNNING, token=run.token)
        let_go = ours if run.memory < run.whole_memory else ours.filter(_UNFINISHED)
        shared = {"in_tiles": True, "worker": "", "lease_until": None}
        return bool(let_go.update(**shared, memory=memory_of_tile(run), **_summed_up(run.pk)))


def waiting() -> list[Waiting]:
    """What runs that are under way in tiles have for a worker to do: one line for each of them."""
    spread_out = Run.objects.filter(state=Run.State.RUNNING, in_tiles=True)
    has_work = spread_out.filter(Exists(_waiting_of(OuterRef("pk")))) | spread_out.exclude(
        _UNFINISHED
    )
    shares = Tile.objects.filter(run=OuterRef("pk")).values("estimated")[:1]
    needs = Case(When(_UNFINISHED, then=F("memory")), default=F("whole_memory"))
    columns = ("pk", "token", "lab", "submitted_by", "lane", "each", "needs", "front")
    rows = has_work.annotate(each=shares, needs=needs).order_by("created").values_list(*columns)
    return [Waiting(*row) for row in rows]


def take(key: UUID, worker: str, room: float) -> Run | Tile | None:
    """Claim the next tile of the run `key`, or the run itself where all of them are done and it
    needs at most `room` bytes.
    """
    for tile in _waiting_of(key).order_by("number"):
        taken = Tile.objects.filter(
            _UNDER_WAY, pk=tile.pk, token=tile.token, state=State.WAITING
        ).update(
            state=State.RUNNING,
            token=F("token") + 1,
            attempt=F("attempt") + 1,
            worker=worker,
            lease_until=lease_end(),
            started=Now(),
            fraction=0.0,
        )
        if taken:
            return Tile.objects.select_related("run__measurement").get(pk=tile.pk)
    return finish(key, worker, room)


def finish(key: UUID, worker: str, room: float) -> Run | None:
    """Claim the run `key` for its finish, where every tile is done, nobody else has, and it needs
    at most `room` bytes.
    """
    whole = Run.objects.filter(
        ~_UNFINISHED, pk=key, state=Run.State.RUNNING, in_tiles=True, cancel_requested=False
    ).filter(whole_memory__lte=min(room, BIGGEST))
    taken = whole.update(
        in_tiles=False,
        memory=F("whole_memory"),
        token=F("token") + 1,
        worker=worker,
        lease_until=lease_end(),
        started=Now(),  # its tiles are charged by themselves
        seconds_left=None,
    )
    if not taken:
        return None
    return Run.objects.select_related("measurement").get(pk=key)


def renew(tile: Tile, **progress: Any) -> Held:
    """Lengthen the lease; how far the tile is tells how far its run is."""
    known = {"fraction": progress["fraction"]} if progress else {}
    held = _held(tile).update(lease_until=lease_end(), **known)
    if held and known:
        sum_up(tile.run_id)
    return Held(bool(held), False)


def look(tile: Tile) -> Held:
    """Look, without writing, whether `tile` is still ours; it is not when its run has ended."""
    return Held(_held(tile).exists(), False)


def close(tile: Tile) -> bool:
    """The tile is done. False when it is not ours any more."""
    done = _held(tile).update(state=State.DONE, finished=Now(), lease_until=None, fraction=1.0)
    if done:
        sum_up(tile.run_id)
    return bool(done)


def fail(tile: Tile, sentence: str) -> bool:
    """End the run with the reason a person will read. False when the tile is not ours any more."""
    return look(tile).valid and _fail(tile, sentence)


def settle(tile: Tile) -> None:
    """Put into the row what a tile has become that its worker stopped before it was done.

    Not the tile's fault, so no attempt is counted.
    """
    ours = Tile.objects.filter(pk=tile.pk, token=tile.token, state=State.RUNNING)
    if Run.objects.filter(pk=tile.run_id, state__in=Run.FINAL).exists():
        ours.update(state=State.STOPPED, finished=Now(), lease_until=None)
    else:
        _put_back(ours, attempt=F("attempt") - 1)


def expired() -> QuerySet[Tile]:
    """Tiles whose worker gave no sign of life for a whole lease."""
    return Tile.objects.filter(state=State.RUNNING, lease_until__lt=Now()).select_related("run")


def return_expired(tile: Tile) -> bool:
    """Let a tile wait again whose worker was lost. False when it came to life again."""
    put_back = _put_back(_lost(tile))
    if put_back:
        sum_up(tile.run_id)
    return put_back


def return_killed(tile: Tile) -> bool:
    """Let a tile wait again whose process was killed. False when it is not ours any more."""
    put_back = _put_back(_held(tile))
    if put_back:
        sum_up(tile.run_id)
    return put_back


def fail_expired(tile: Tile, sentence: str) -> bool:
    """Give up the run of a tile whose worker was lost. False when it came to life again."""
    return _lost(tile).exists() and _fail(tile, sentence)


def stop_expired(tile: Tile) -> bool:
    """Close the row of a tile whose run has ended. False when it came to life again."""
    return bool(_lost(tile).update(state=State.STOPPED, finished=Now(), lease_until=None))


def sum_up(key: UUID) -> None:
    """How far the run `key` is, from how far its tiles are."""
    Run.objects.filter(pk=key, state=Run.State.RUNNING, in_tiles=True).update(**_summed_up(key))


def _summed_up(key: UUID) -> dict[str, Any]:
    """Fraction, time left and stage of a run, as the sum over its tiles says."""
    run = Run.objects.select_related("measurement").annotate(ran=use.Since("started")).get(pk=key)
    tiles = Tile.objects.filter(run=key)
    known = tiles.aggregate(done=Sum("fraction"))["done"] or 0.0
    fraction = split_of(run).share * known / max(tiles.count(), 1)
    left = run.ran * (1 - fraction) / fraction if fraction >= MIN_FRACTION and run.ran else None
    done = tiles.filter(state=State.DONE).count()
    stage = f"{done} of {tiles.count()} tiles done"
    if done == tiles.count() and memory_of_tile(run) < run.whole_memory:
        stage += f"; to finish takes {words.size(run.whole_memory)} of memory"
    return {
        "fraction": round(fraction, 3),
        "seconds_left": left,
        "stage": stage,
    }


def _waiting_of(run: Any) -> QuerySet[Tile]:
    return Tile.objects.filter(run=run, state=State.WAITING)


def _held(tile: Tile) -> QuerySet[Tile]:
    return Tile.objects.filter(_UNDER_WAY, pk=tile.pk, state=State.RUNNING, token=tile.token)


def _lost(tile: Tile) -> QuerySet[Tile]:
    return Tile.objects.filter(
        pk=tile.pk, state=State.RUNNING, token=tile.token, lease_until__lt=Now()
    )


def _put_back(tiles: QuerySet[Tile], **changes: object) -> bool:
    return bool(
        tiles.update(
            state=State.WAITING,
            started=None,  # what waits uses nothing
            lease_until=None,
            fraction=0.0,
            **changes,
        )
    )


def _fail(tile: Tile, sentence: str) -> bool:
    under_way = Run.objects.filter(pk=tile.run_id, state=Run.State.RUNNING, in_tiles=True)
    with transaction.atomic():
        failed = bool(under_way.update(state=Run.State.FAILED, error=sentence, **ENDED))
        if failed:
            telling.tell(tile.run_id)
    settle(tile)
    return failed
