"""What operators see: numbers, names and states, and nothing a lab has measured."""

import shutil
from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count, Q, QuerySet
from django.db.models.functions import Now

from fiducial.accounts.models import Lab
from fiducial.celery import LANES
from fiducial.runs import allotments, turns, use, words
from fiducial.runs.models import Allotment, Run, Worker
from fiducial.runs.queries import hands, with_hands
from workers.recipes.catalogue import RECIPES

SHOWN = 50  # runs of each list
WEEK = timedelta(days=7)
HIDDEN = "measurement__summary", "measurement__problems", "measurement__answers"


@dataclass(frozen=True)
class Lane:
    """One lane: how much waits and runs in it, and how many workers serve it."""

    name: str
    waiting: int
    running: int
    workers: int


@dataclass(frozen=True)
class Share:
    """A lab's part of the computing of late beside the part it is entitled to, 0 to 1."""

    lab: Lab
    allotted: Allotment
    waiting: int
    running: int
    used: float
    entitled: float
    month: str
    stored: str

    @property
    def used_percent(self) -> int:
        return round(100 * self.used)

    @property
    def entitled_percent(self) -> int:
        return round(100 * self.entitled)


@dataclass(frozen=True)
class Standing:
    """A worker with the run it has."""

    worker: Worker
    alive: bool
    run: Run | None

    def serves(self, lane: str) -> bool:
        """Whether it takes runs of `lane` now."""
        takes = self.worker.order == Worker.Order.SERVE and lane in self.worker.lanes
        return self.alive and takes

    @property
    def words(self) -> str:
        """What it does, in a word or two."""
        if not self.alive:
            return "no sign of life"
        with_run, without = {
            Worker.Order.SERVE: ("running", "free"),
            Worker.Order.DRAIN: ("finishing its run", "drained"),
            Worker.Order.PAUSE: ("handing its run back", "paused"),
        }[Worker.Order(self.worker.order)]
        return with_run if self.run else without

    @property
    def memory(self) -> str:
        """Memory of its machine in words."""
        return words.size(self.worker.memory)

    @property
    def gpus(self) -> list[str]:
        """Memory of each GPU in words."""
        return [
            f"{gpu['name']}: {words.size(gpu['used'])} of {words.size(gpu['total'])}"
            for gpu in self.worker.gpus
        ]


def runs() -> QuerySet[Run]:
    """Every run, with its lab and person; what was measured stays unread."""
    found = Run.objects.select_related("measurement", "lab", "submitted_by")
    return found.defer(*HIDDEN, "parameters", "summary")


def active() -> tuple[list[Run], int]:
    """Running runs and those that wait, next first as they stand; and how many more there are."""
    waiting, standing = turns.read()
    places = {run.pk: place for place, run in enumerate(turns.in_turn(waiting, standing), 1)}
    under_way = runs().filter(state=Run.State.RUNNING).order_by("started")
    running = list(with_hands(under_way)[:SHOWN])
    first = sorted(places, key=places.__getitem__)[:SHOWN]
    found = runs().in_bulk(first)
    return running + [found[pk] for pk in first if pk in found], max(0, len(places) - SHOWN)


def ended() -> QuerySet[Run]:
    """The latest runs that failed or were cancelled: those that may be queued again."""
    states = (Run.State.FAILED, Run.State.CANCELLED)
    return runs().filter(state__in=states, retries=None).order_by("-finished")[:10]


def lanes(workers: list[Standing]) -> list[Lane]:
    """Every lane, the one with precedence first."""
    counts: dict[str, dict[str, int]] = defaultdict(dict)
    rows = Run.objects.filter(state__in=Run.ACTIVE).order_by().values_list("lane", "state")
    for lane, state, count in rows.annotate(count=Count("pk")):
        counts[lane][state] = count
    return [
        Lane(
            lane,
            counts[lane].get(Run.State.QUEUED, 0),
            counts[lane].get(Run.State.RUNNING, 0),
            sum(one.serves(lane) for one in workers),
        )
        for lane in LANES
    ]


def workers() -> list[Standing]:
    """Workers that gave a sign of life within a day, by name."""
    recently = Now() - timedelta(seconds=settings.LEASE_SECONDS)
    alive = set(Worker.objects.filter(seen__gt=recently).values_list("pk", flat=True))
    under_way = with_hands(runs().filter(state=Run.State.RUNNING))
    held = {name: run for run in under_way for name in hands(run)}
    found = Worker.objects.order_by("name")
    return [Standing(worker, worker.pk in alive, held.get(worker.name)) for worker in found]


def shares() -> list[Share]:
    """Every lab's use beside its share, the one furthest above it first."""
    waiting, standing = turns.read()
    labs = list(Lab.objects.select_related("allotment").order_by("name"))
    keys = [lab.pk for lab in labs]
    month, stored = use.last_month(keys), allotments.stored(keys)
    queued: dict[int, int] = defaultdict(int)
    for run in waiting:
        queued[run.lab] += 1
    total = sum(standing.share.get(key, 1.0) for key in keys) or 1.0
    found = [
        Share(
            lab=lab,
            allotted=getattr(lab, "allotment", None) or Allotment(lab=lab),
            waiting=queued[lab.pk],
            running=standing.of_lab[lab.pk],
            used=standing.part(lab.pk),
            entitled=standing.share.get(lab.pk, 1.0) / total,
            month=words.duration(month[lab.pk]) if lab.pk in month else "–",
            stored=words.size(stored[lab.pk]),
        )
        for lab in labs
    ]
    return sorted(found, key=lambda one: one.entitled - one.used)


def allotted(lab: Lab) -> dict[str, Any]:
    """What `lab` may use, beside what it used and the facility's settings."""
    return {
        "lab": lab,
        "allotted": allotments.allotment_of(lab),
        "quota": allotments.quota(lab),
        "hours": settings.COMPUTE_HOURS,
        "gigabytes": settings.STORAGE_GB,
    }


def failing() -> list[dict[str, object]]:
    """Recipes of which a run failed within a week: how many of how many, worst first."""
    over = Run.objects.filter(finished__gt=Now() - WEEK, started__isnull=False)
    rows = (
        over.order_by()
        .values("recipe")
        .annotate(failed=Count("pk", filter=Q(state=Run.State.FAILED)), all=Count("pk"))
    )
    worst = sorted(rows.filter(failed__gt=0), key=lambda row: -row["failed"] / row["all"])
    titles = {name: recipe.title for name, recipe in RECIPES.items()}
    return [{**row, "title": titles.get(row["recipe"], row["recipe"])} for row in worst]


def disk() -> dict[str, str]:
    """Room where the store lies: what labs keep there, and what is free."""
    settings.STORE.mkdir(parents=True, exist_ok=True)
    room = shutil.disk_usage(settings.STORE)
    kept = sum(allotments.stored(list(Lab.objects.values_list("pk", flat=True))).values())
    return {"kept": words.size(kept), "free": words.size(room.free), "all": words.size(room.total)}
