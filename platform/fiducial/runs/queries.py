"""Reading runs: who sees which, where each stands in the queue, and how long it will take."""

from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

from django.conf import settings
from django.db.models import Prefetch, QuerySet, prefetch_related_objects
from django.db.models.functions import Now
from django.utils.text import capfirst

from fiducial.accounts import permissions
from fiducial.accounts.models import User
from fiducial.celery import COMPUTE
from workers.recipes.catalogue import RECIPES

from . import describing, following, reasons, turns, words
from .estimates import History, read_history
from .models import Run, Tile, Worker
from .turns import Cap, Standing, Waiting


def visible_runs(user: User, verb: str = permissions.SEE) -> QuerySet[Run]:
    """The runs of the labs in which `user` may do `verb` (by default: see)."""
    found = Run.objects.filter(lab__in=permissions.lab_keys(user, verb))
    return found.select_related("lab", "measurement__project", "submitted_by", "after")


def in_lists(found: QuerySet[Run]) -> QuerySet[Run]:
    """`found` with what a line of a list says: of runs all but their results, of others names."""
    of_others = ("measurement__name", "lab__name", "submitted_by__username")
    of_runs = (one.name for one in Run._meta.concrete_fields if one.name != "summary")
    lines = found.select_related(None).select_related("measurement", "lab", "submitted_by")
    return lines.only(*of_runs, *of_others).prefetch_related("after")


def may_change(user: User, run: Run) -> bool:
    """Whether `user` may cancel or retry `run`."""
    return permissions.may(user, permissions.WORK, run.lab)


def with_hands(found: QuerySet[Run]) -> QuerySet[Run]:
    """`found`, each run with the tiles that workers have of it now: one query more for all."""
    return found.prefetch_related(_held())


def hands(run: Run) -> list[str]:
    """The workers that have `run`, or tiles of it (of many runs: `with_hands`)."""
    if run.worker or not run.in_tiles:
        return [run.worker] if run.worker else []
    prefetch_related_objects([run], _held())
    tiles: list[Tile] = run.held_tiles
    return [tile.worker for tile in tiles]


def _held() -> Prefetch:
    running = Tile.objects.filter(state=Tile.State.RUNNING).order_by("worker")
    return Prefetch("tiles", queryset=running, to_attr="held_tiles")


def recipe_title(run: Run) -> str:
    """The recipe in words; its name where this portal no longer has it."""
    recipe = RECIPES.get(run.recipe)
    return recipe.title if recipe else run.recipe


class Wait(NamedTuple):
    """Where a waiting run stands: its place (1 is next), why it waits, when it may be done."""

    place: int
    reason: str
    eta: str


@dataclass(frozen=True)
class Queue:
    """The whole queue at one moment, read once for any number of runs on a page."""

    places: dict[UUID | None, int]  # waiting run -> place, 1 is next
    ahead: dict[UUID | None, float]  # waiting run -> estimated seconds of work before its own
    caps: dict[UUID | None, Cap]  # those a cap keeps from starting
    alive: tuple[Worker, ...]  # compute workers
    busy: int  # runs under way
    standing: Standing
    history: History

    @property
    def workers(self) -> int:
        """How many workers take runs."""
        return sum(worker.order == Worker.Order.SERVE for worker in self.alive)

    def wait(self, run: Run) -> Wait | None:
        """Where `run` stands; None unless it waits."""
        if run.state != Run.State.QUEUED or run.pk not in self.places:
            return None
        never = reasons.no_worker_for(run.lane, run.whole_memory, self.alive)
        reason = never or reasons.again(run) + self._reason(run)
        return Wait(self.places[run.pk], reason, "" if never else self._eta(run))

    def _reason(self, run: Run) -> str:
        if run.pk in self.caps:
            return reasons.capped(self.caps[run.pk])
        place = self.places[run.pk]
        if place > 1:
            return reasons.behind(place, run.lab_id, self.standing)
        return reasons.next_in_turn(self._serving(run.lane), self.busy, run.memory)

    def _serving(self, lane: str) -> int:
        serving = [worker for worker in self.alive if lane in worker.lanes]
        return sum(worker.order == Worker.Order.SERVE for worker in serving)

    def _eta(self, run: Run) -> str:
        low, high = self.history.spread(run.recipe, run.estimated)
        seconds = self.ahead[run.pk] / self._serving(run.lane) + run.estimated
        return f"Done in {words.span(seconds * low, seconds * high)}."


def read_queue(joining: Waiting | None = None) -> Queue:
    """Read the queue as it stands, or as it would with a run `joining` it (without a key)."""
    waiting, standing = turns.read()
    waiting += [joining] if joining else []
    caps = {run.pk: cap for run in waiting if (cap := standing.cap(run))}
    order = [
        *turns.in_turn([run for run in waiting if run.pk not in caps], standing),
        *turns.in_turn([run for run in waiting if run.pk in caps], standing),
    ]
    left = Run.objects.filter(state=Run.State.RUNNING).values_list("seconds_left", "estimated")
    under_way = [seconds if known is None else known for known, seconds in left]
    before = sum(under_way)
    ahead: dict[UUID | None, float] = {}
    for run in order:
        ahead[run.pk] = before
        before += run.seconds
    places = {run.pk: place for place, run in enumerate(order, start=1)}
    alive = tuple(alive_workers())
    return Queue(places, ahead, caps, alive, len(under_way), standing, read_history())


def alive_workers(queue: str = COMPUTE) -> list[Worker]:
    """The workers of `queue` that gave a sign of life within a lease."""
    recently = Now() - timedelta(seconds=settings.LEASE_SECONDS)
    alive = Worker.objects.filter(seen__gt=recently).order_by("name")
    return [worker for worker in alive if queue in worker.queues]


@dataclass(frozen=True)
class Line:
    """A run as one line of the queue: what it is, how far, and why it is not further."""

    run: Run
    words: str  # the state in words
    detail: str  # the sentence that says more
    place: int | None

    @property
    def title(self) -> str:
        """The parameters in one line."""
        return describing.brief(self.run)


def first_active(visible: QuerySet[Run], queue: Queue, count: int) -> tuple[list[Run], int]:
    """The first `count` of the visible runs that are not over: running ones, then those in line,
    then those that wait for another run; and how many more there are.
    """
    active = visible.filter(state__in=Run.ACTIVE).order_by("created").values_list("pk", "state")
    last = len(queue.places) + 1
    places = {
        pk: 0 if state == Run.State.RUNNING else queue.places.get(pk, last) for pk, state in active
    }
    keys = sorted(places, key=places.__getitem__)
    found = visible.in_bulk(keys[:count])
    return [found[pk] for pk in keys[:count] if pk in found], max(0, len(keys) - count)


def line(run: Run, queue: Queue) -> Line:
    """Everything a page says about `run`, given the queue it stands in."""
    wait = queue.wait(run)
    return Line(
        run=run,
        words=_state_words(run),
        detail=f"{wait.reason} {wait.eta}".strip() if wait else _detail(run),
        place=wait.place if wait else None,
    )


def left_alone(run: Run, queue: Queue) -> str:
    """Why no worker that lives could take what is left of a run shared in tiles;
    empty where one could, or has some of it.
    """
    if not run.in_tiles or hands(run):
        return ""
    tiles_left = run.tiles.exclude(state=Tile.State.DONE).exists()
    needed = run.memory if tiles_left else run.whole_memory
    return reasons.no_worker_for(run.lane, needed, queue.alive)


def _state_words(run: Run) -> str:
    if run.cancel_requested and not run.is_final:
        return "stopping"
    return {"queued": "waiting", "succeeded": "finished"}.get(run.state, run.state)


def _detail(run: Run) -> str:
    if run.is_final:
        return run.error
    if run.cancel_requested:
        return "It was cancelled; its worker stops within seconds."
    if run.state == Run.State.QUEUED and (why := following.reason(run)):
        return why
    again = (
        f"Worker lost, retrying ({run.attempt} of {settings.RUN_MAX_ATTEMPTS}). "
        if run.attempt > 1
        else ""
    )
    stage = capfirst(run.stage or "starting")
    left = "" if run.seconds_left is None else f", {words.duration(run.seconds_left)} left"
    return f"{again}{stage}{left}."
