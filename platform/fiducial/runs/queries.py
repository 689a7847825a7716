"""Reading runs: who sees which, where each stands in the queue, and how long it will take."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.db.models.functions import Now

from fiducial.accounts import permissions
from fiducial.accounts.models import User
from fiducial.celery import COMPUTE
from fiducial.measurements.queries import visible_measurements
from workers.recipes.catalogue import RECIPES

from . import describing, words
from .models import Run, Worker
from .turns import waiting_in_turn

HISTORY = 30  # past runs an estimate looks at
UNKNOWN_SPREAD = (0.6, 2.5)  # how far a first estimate may be off, before there is any history


def visible_runs(user: User, verb: str = permissions.SEE) -> QuerySet[Run]:
    """The runs of the labs in which `user` may do `verb` (by default: see)."""
    found = Run.objects.filter(measurement__in=visible_measurements(user, verb))
    return found.select_related("measurement__project__lab", "submitted_by")


def may_change(user: User, run: Run) -> bool:
    """Whether `user` may cancel or retry `run`."""
    return permissions.may(user, permissions.WORK, run.measurement.project.lab)


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

    places: dict[UUID, int]  # waiting run -> place, 1 is next
    ahead: dict[UUID, float]  # waiting run -> estimated seconds of work before its own
    workers: int  # compute workers alive
    busy: int  # runs under way

    def wait(self, run: Run) -> Wait | None:
        """Where `run` stands; None unless it waits."""
        if run.pk not in self.places:
            return None
        place = self.places[run.pk]
        return Wait(place, self._reason(run, place), self._eta(run))

    def _reason(self, run: Run, place: int) -> str:
        if not self.workers:
            return (
                "No worker is running just now. The run keeps its place; "
                "an operator has to start a worker."
            )
        again = (
            f"Worker lost, retrying ({run.attempt + 1} of {settings.RUN_MAX_ATTEMPTS}). "
            if run.attempt
            else ""
        )
        if place > 1:
            before = "One run is" if place == 2 else f"{place - 1} runs are"
            return f"{again}{before} before it; labs take turns, whoever has least running first."
        if self.busy >= self.workers:
            return f"{again}Next in turn; {_busy(self.workers)}."
        return f"{again}Next in turn; a worker is picking it up."

    def _eta(self, run: Run) -> str:
        if not self.workers:
            return ""
        low, high = spread(run.recipe)
        before, own = self.ahead[run.pk] / self.workers, estimate(run)
        return f"Done in {words.span((before + own) * low, (before + own) * high)}."


def _busy(workers: int) -> str:
    return "the worker is busy" if workers == 1 else f"all {workers} workers are busy"


def read_queue() -> Queue:
    """Read the queue as it stands."""
    order = [waiting.pk for waiting in waiting_in_turn()]
    rows = Run.objects.filter(pk__in=order).select_related("measurement").in_bulk()
    running = Run.objects.filter(state=Run.State.RUNNING).select_related("measurement")
    before = sum(seconds_left(run) for run in running)
    ahead: dict[UUID, float] = {}
    for pk in order:
        ahead[pk] = before
        before += estimate(rows[pk]) if pk in rows else 0.0
    places = {pk: place for place, pk in enumerate(order, start=1)}
    return Queue(places, ahead, alive_workers(), len(running))


def alive_workers(queue: str = COMPUTE) -> int:
    """How many workers of `queue` gave a sign of life within a lease."""
    recently = Now() - timedelta(seconds=settings.LEASE_SECONDS)
    alive = Worker.objects.filter(seen__gt=recently)
    return sum(queue in worker.queues for worker in alive)


def estimate(run: Run) -> float:
    """Seconds the whole run should take by its recipe's own estimate."""
    recipe = RECIPES.get(run.recipe)
    try:
        return recipe.cost(run.parameters, run.measurement.summary) if recipe else 0.0
    except KeyError:
        return 0.0  # a run of an older version, which asked for other parameters


def seconds_left(run: Run) -> float:
    """Seconds a running run will still take, by its own pace where it has one."""
    return estimate(run) if run.seconds_left is None else run.seconds_left


def spread(recipe: str) -> tuple[float, float]:
    """By which factors past runs of `recipe` were faster and slower than estimated."""
    past = Run.objects.filter(recipe=recipe, state=Run.State.SUCCEEDED, started__isnull=False)
    latest = past.select_related("measurement").order_by("-finished")[:HISTORY]
    ratios = sorted(_ratio(run) for run in latest)
    if len(ratios) < 3:
        return UNKNOWN_SPREAD
    return _quantile(ratios, 0.1), _quantile(ratios, 0.9)


def _ratio(run: Run) -> float:
    return (run.finished - run.started).total_seconds() / max(estimate(run), 1.0)


def _quantile(ordered: Sequence[float], share: float) -> float:
    return ordered[round(share * (len(ordered) - 1))]


@dataclass(frozen=True)
class Line:
    """A run as one line of the queue: what it is, how far, and why it is not further."""

    run: Run
    title: str  # the parameters in one line
    words: str  # the state in words
    detail: str  # the sentence that says more
    place: int | None
    order: tuple[int, float]  # running first, then by place


def line(run: Run, queue: Queue) -> Line:
    """Everything a page says about `run`, given the queue it stands in."""
    wait = queue.wait(run)
    order = (1, float(wait.place)) if wait else (0, run.created.timestamp())
    return Line(
        run=run,
        title=describing.brief(run),
        words=_state_words(run),
        detail=f"{wait.reason} {wait.eta}".strip() if wait else _detail(run),
        place=wait.place if wait else None,
        order=order,
    )


def _state_words(run: Run) -> str:
    if run.cancel_requested and not run.is_final:
        return "stopping"
    return {"queued": "waiting", "succeeded": "finished"}.get(run.state, run.state)


def _detail(run: Run) -> str:
    if run.is_final:
        return run.error
    if run.cancel_requested:
        return "It was cancelled; its worker stops within seconds."
    again = (
        f"Worker lost, retrying ({run.attempt} of {settings.RUN_MAX_ATTEMPTS}). "
        if run.attempt > 1
        else ""
    )
    stage = (run.stage or "starting").capitalize()
    left = "" if run.seconds_left is None else f", {words.duration(run.seconds_left)} left"
    return f"{again}{stage}{left}."
