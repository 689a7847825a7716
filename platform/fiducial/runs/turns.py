"""Whose turn it is: the fair share between labs, one rule for claiming and showing."""

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

from django.db.models import Count, F, Max

from .models import Run

NEVER = datetime.min.replace(tzinfo=UTC)
LAB = F("measurement__project__lab")


class Waiting(NamedTuple):
    """A queued run, as far as its turn depends on it."""

    pk: UUID
    token: int
    lab: int
    created: datetime


@dataclass
class Standing:
    """What labs hold and had: runs running now, and when each lab's last run started."""

    running: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    last: dict[int, datetime] = field(default_factory=lambda: defaultdict(lambda: NEVER))


def in_turn(waiting: Iterable[Waiting], standing: Standing) -> Iterator[Waiting]:
    """Yield runs in the order they get workers: the lab with the least running first, then the
    lab whose last start is longest ago, then the oldest run. Each yielded run counts as started.
    """
    lines: dict[int, deque[Waiting]] = defaultdict(deque)
    for run in sorted(waiting, key=lambda run: run.created):
        lines[run.lab].append(run)
    running, last = standing.running, standing.last
    turn = 0
    started: dict[int, int] = defaultdict(int)  # a start within this walk is later than any before
    while lines:
        lab = min(
            lines, key=lambda lab: (running[lab], started[lab], last[lab], lines[lab][0].created)
        )
        yield lines[lab].popleft()
        turn += 1
        running[lab] += 1
        started[lab] = turn
        if not lines[lab]:
            del lines[lab]


def waiting_in_turn() -> Iterator[Waiting]:
    """Every run that waits for a worker, in the order it will get one as things stand."""
    queued = Run.objects.filter(state=Run.State.QUEUED, cancel_requested=False)
    waiting = [Waiting(*row) for row in queued.values_list("pk", "token", LAB, "created")]
    if not waiting:
        return iter(())
    return in_turn(waiting, _standing({run.lab for run in waiting}))


def _standing(labs: set[int]) -> Standing:
    of_labs = Run.objects.filter(measurement__project__lab__in=labs).values(lab=LAB)
    standing = Standing()
    for row in of_labs.filter(state=Run.State.RUNNING).annotate(count=Count("pk")):
        standing.running[row["lab"]] = row["count"]
    for row in of_labs.filter(started__isnull=False).annotate(last=Max("started")):
        standing.last[row["lab"]] = row["last"]
    return standing
