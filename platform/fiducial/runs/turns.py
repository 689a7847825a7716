"""Whose turn it is: the fair share between labs, one rule for claiming and showing."""

import heapq
from collections import Counter, defaultdict, deque
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from django.conf import settings
from django.db.models import Case, Count, F, Q, QuerySet, When, Window
from django.db.models.functions import RowNumber
from django.utils import timezone

from fiducial.celery import LANES

from . import following, use
from .models import Allotment, Run

BIGGEST = 2**63 - 1  # a whole number that a database can compare
PRECEDENCE = {lane: number for number, lane in enumerate(LANES)}


class Waiting(NamedTuple):
    """A queued run, as far as its turn depends on it."""

    pk: UUID | None
    token: int
    lab: int
    user: int
    lane: str
    seconds: float  # estimated
    memory: int = 0  # bytes; 0: not known
    front: bool = False


class Cap(StrEnum):
    """Why a run is passed over although a worker is free."""

    USER = "user"
    LAB = "lab"


@dataclass
class Standing:
    """What labs hold and had."""

    use: dict[int, float] = field(default_factory=dict)  # decayed seconds, running runs included
    share: dict[int, float] = field(default_factory=dict)  # those that are not 1
    beamtime: frozenset[int] = frozenset()  # labs that have it now
    of_user: Counter[int] = field(default_factory=Counter)  # runs under way
    of_lab: Counter[int] = field(default_factory=Counter)

    def per_share(self, lab: int) -> float:
        """Decayed seconds a lab used for each unit of its share."""
        return self.use.get(lab, 0.0) / self.share.get(lab, 1.0)

    def part(self, lab: int) -> float:
        """Which part of all remembered computing a lab used, 0 to 1."""
        return self.use.get(lab, 0.0) / (sum(self.use.values()) or 1.0)

    def cap(self, run: Waiting) -> Cap | None:
        """The cap that keeps `run` from starting now."""
        if self.of_user[run.user] >= settings.RUNNING_PER_USER:
            return Cap.USER
        return Cap.LAB if self.of_lab[run.lab] >= settings.RUNNING_PER_LAB else None

    def at_their_cap(self) -> tuple[list[int], list[int]]:
        """People and labs of whom no run may start now."""
        users = [one for one, runs in self.of_user.items() if runs >= settings.RUNNING_PER_USER]
        return users, [one for one, runs in self.of_lab.items() if runs >= settings.RUNNING_PER_LAB]


def in_turn(waiting: Iterable[Waiting], standing: Standing) -> Iterator[Waiting]:
    """Yield runs, given oldest first, in the order they get workers.

    What an operator put to the front comes first, then runs of labs that have beam time. Else the
    lab is next that used least for its share, where an interactive run counts as though its lab had
    used INTERACTIVE_AHEAD_SECONDS less: it goes ahead of batch runs, but never for long. Within a
    lab interactive comes before batch, then the oldest. A yielded run counts as used.
    """
    lines: dict[int, deque[tuple[int, Waiting]]] = defaultdict(deque)
    for age, run in sorted(enumerate(waiting), key=lambda each: (_within_lab(each[1]), each[0])):
        lines[run.lab].append((age, run))
    used = {lab: standing.per_share(lab) for lab in lines}

    def rank(lab: int) -> tuple[bool, bool, float, int, int]:
        age, run = lines[lab][0]
        favoured = lab in standing.beamtime and run.lane == Run.Lane.BEAMTIME
        ahead = 0.0 if run.lane == Run.Lane.BATCH else settings.INTERACTIVE_AHEAD_SECONDS
        return not run.front, not favoured, used[lab] - ahead, age, lab

    heads = [rank(lab) for lab in lines]
    heapq.heapify(heads)
    while heads:
        lab = heads[0][-1]
        _, run = lines[lab].popleft()
        used[lab] += max(run.seconds, 1.0) / standing.share.get(lab, 1.0)
        if lines[lab]:
            heapq.heapreplace(heads, rank(lab))
        else:
            heapq.heappop(heads)
        yield run


def _within_lab(run: Waiting) -> tuple[bool, int]:
    return not run.front, PRECEDENCE[run.lane]


# The same order, as a database sorts by it.
_WITHIN_LAB = (
    F("front").desc(),
    Case(*(When(lane=lane, then=number) for lane, number in PRECEDENCE.items())),
    F("created"),
)


def read() -> tuple[list[Waiting], Standing]:
    """Every run that could start, oldest first, and how labs stand; in six queries."""
    return _listed(_queued()), _standing(use.under_way())


def first(
    lanes: Collection[str], memory: float, moment: use.Moment, shared: Collection[Waiting] = ()
) -> Waiting | None:
    """The run that is next in turn among those of `lanes` that need at most `memory` bytes and
    that no cap holds back, and those `shared` in tiles; None where nothing is left to take.

    `moment` is what is under way. Only the front of each lab's line is read: the rest cannot be
    first, however long it is.
    """
    standing = _standing(moment)
    users, labs = standing.at_their_cap()
    able = _queued().filter(lane__in=lanes, memory__lte=min(memory, BIGGEST))
    able = able.exclude(submitted_by__in=users).exclude(lab__in=labs)
    number = Window(RowNumber(), partition_by="lab", order_by=_WITHIN_LAB)
    heads = _listed(able.annotate(number_in_line=number).filter(number_in_line=1))
    return next(in_turn([*shared, *heads], standing), None)


def _queued() -> QuerySet[Run]:
    """Runs that could start."""
    return Run.objects.filter(following.READY, state=Run.State.QUEUED, cancel_requested=False)


def _listed(runs: QuerySet[Run]) -> list[Waiting]:
    columns = ("pk", "token", "lab", "submitted_by", "lane", "estimated", "memory", "front")
    return [Waiting(*row) for row in runs.order_by("created").values_list(*columns)]


def recounted(run: Waiting) -> Standing:
    """What is under way now for the person and the lab of `run`, and nothing else."""
    under_way = Run.objects.filter(state=Run.State.RUNNING).aggregate(
        of_user=Count("pk", filter=Q(submitted_by=run.user)),
        of_lab=Count("pk", filter=Q(lab=run.lab)),
    )
    return Standing(
        of_user=Counter({run.user: under_way["of_user"]}),
        of_lab=Counter({run.lab: under_way["of_lab"]}),
    )


def _standing(moment: use.Moment) -> Standing:
    now = timezone.now()
    standing = Standing(use=use.decayed_by_lab())
    for run in moment.runs:
        standing.of_user[run.user] += 1
        standing.of_lab[run.lab] += 1
    for one in (*(run for run in moment.runs if not run.in_tiles), *moment.tiles):
        # At once by what it will take: else a lab would be given every worker of one moment.
        so_far = use.decayed(one.started, now, now) if one.started else 0.0
        seconds = max(so_far, one.estimated)
        standing.use[one.lab] = standing.use.get(one.lab, 0.0) + seconds
    allotted = list(Allotment.objects.all())
    standing.share = {one.lab_id: one.share for one in allotted}
    standing.beamtime = frozenset(one.lab_id for one in allotted if one.has_beamtime(now))
    return standing
