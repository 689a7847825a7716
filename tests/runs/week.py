"""A simulated week of a facility: its clock and workers are made up, its turns are the portal's.

Twelve labs of ten people ask for more than the workers can do: in bursts, in working hours, and for
lengths with a heavy tail. Who starts next is decided by `fiducial.runs.turns`, from the same facts
the portal reads from its database.
"""

import heapq
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from uuid import UUID, uuid5

import numpy as np
from django.conf import settings

from fiducial.runs import use
from fiducial.runs.turns import Standing, Waiting, in_turn

HOUR, DAY = 3600.0, 86400.0
WEEK = 7 * DAY
LABS, PEOPLE, WORKERS = 12, 10, 16
SHARES = {1: 2.0, 2: 2.0}  # two labs hold twice the share of the others
DEMAND = 1.25  # times what the workers can do
SHORTEST, LONGEST = 300.0, 2 * HOUR
TAIL = 0.8  # Pareto: the smaller, the heavier
BURST = 12  # runs one person queues at once, at most
START = datetime(2026, 1, 5, tzinfo=UTC)
SPACE = UUID(int=0)

Rule = Callable[[Iterable[Waiting], Standing], Iterator[Waiting]]


def first_come(waiting: Iterable[Waiting], standing: Standing) -> Iterator[Waiting]:
    """The rule without fairness, as a control: the oldest run is next."""
    return (run for run in waiting if standing.cap(run) is None)


def fair(waiting: Iterable[Waiting], standing: Standing) -> Iterator[Waiting]:
    """The portal's own."""
    return in_turn((run for run in waiting if standing.cap(run) is None), standing)


@dataclass
class Done:
    """One run's life, seconds after the beginning of the week."""

    lab: int
    queued: float
    started: float
    ended: float


@dataclass
class Week:
    """What happened: runs that started, and how many of each lab's runs waited when."""

    done: list[Done] = field(default_factory=list)
    waiting: dict[int, list[tuple[float, int]]] = field(default_factory=lambda: defaultdict(list))
    left: list[tuple[int, float]] = field(default_factory=list)  # lab, queued: never started


def asked(rng: np.random.Generator) -> list[tuple[float, Waiting, float]]:
    """Who queues what when: time, the run, and the seconds it will really take, oldest first.

    A few labs ask for most of it, as they do. Estimates are off by a factor of up to two.
    """
    appetite = rng.dirichlet(np.full(LABS, 1.5)) * 0.7 + 0.3 / LABS
    wanted = DEMAND * WORKERS * WEEK
    runs: list[tuple[float, Waiting, float]] = []
    numbers = count()
    for lab, part in enumerate(appetite, start=1):
        budget = part * wanted
        while budget > 0:
            day, hour = rng.integers(0, 7), np.clip(rng.normal(13, 4), 0, 23.9)
            moment, user = day * DAY + hour * HOUR, lab * 100 + int(rng.integers(PEOPLE))
            for _ in range(int(rng.integers(1, BURST + 1))):
                seconds = min(SHORTEST * (1 + rng.pareto(TAIL)) * 3, LONGEST)
                estimated = seconds * float(rng.uniform(0.5, 2.0))
                short = estimated <= settings.INTERACTIVE_SECONDS and rng.random() < 0.5
                run = Waiting(
                    pk=uuid5(SPACE, str(next(numbers))),
                    token=0,
                    lab=lab,
                    user=user,
                    lane="interactive" if short else "batch",
                    seconds=estimated,
                )
                runs.append((float(moment), run, float(seconds)))
                budget -= seconds
    return sorted(runs, key=lambda each: each[0])


class Clock:
    """Labs' decayed use at any moment, kept by adding what each moment brought."""

    def __init__(self) -> None:
        self.used: dict[int, float] = dict.fromkeys(range(1, LABS + 1), 0.0)
        self.now = 0.0

    def advance(self, now: float, busy: Iterable[int]) -> None:
        """Go to `now` while a worker was busy for each lab named in `busy`."""
        fresh = _decayed(self.now, now, now)
        kept = np.exp(-use.rate() * (now - self.now))
        self.used = {lab: used * kept for lab, used in self.used.items()}
        for lab in busy:
            self.used[lab] += fresh
        self.now = now


def play(seed: int, rule: Rule = fair) -> Week:
    """Let a week pass under `rule`."""
    arrivals = asked(np.random.default_rng(seed))
    seconds = {run.pk: (moment, real) for moment, run, real in arrivals}
    week, clock = Week(), Clock()
    waiting: dict[UUID | None, Waiting] = {}
    running: list[tuple[float, UUID | None]] = []  # a heap: when each ends
    under_way: dict[UUID | None, tuple[Waiting, float]] = {}
    coming = iter(arrivals)
    following = next(coming, None)
    while clock.now < WEEK and (following or running or waiting):
        moments = [following[0]] if following else []
        moments += [running[0][0]] if running else []
        now = min(min(moments, default=WEEK), WEEK)
        clock.advance(now, [run.lab for run, _ in under_way.values()])
        while running and running[0][0] <= now:
            under_way.pop(heapq.heappop(running)[1])
        while following and following[0] <= now:
            waiting[following[1].pk] = following[1]
            following = next(coming, None)
        while len(running) < WORKERS and waiting:
            run = next(rule(waiting.values(), _standing(clock, under_way)), None)
            if run is None:
                break
            del waiting[run.pk]
            queued, real = seconds[run.pk]
            under_way[run.pk] = run, now
            heapq.heappush(running, (now + real, run.pk))
            week.done.append(Done(run.lab, queued, now, now + real))
        _note(week, waiting.values(), now)
    week.left = [(run.lab, seconds[run.pk][0]) for run in waiting.values()]
    return week


def _standing(clock: Clock, under_way: dict[UUID | None, tuple[Waiting, float]]) -> Standing:
    """As `turns.read` builds it: what is under way counts as what it will take, if that is more."""
    standing = Standing(use=dict(clock.used), share=SHARES)
    for run, started in under_way.values():
        elapsed = _decayed(started, clock.now, clock.now)
        standing.use[run.lab] += max(0.0, run.seconds - elapsed)
        standing.of_user[run.user] += 1
        standing.of_lab[run.lab] += 1
    return standing


def _note(week: Week, waiting: Iterable[Waiting], now: float) -> None:
    counts = dict.fromkeys(range(1, LABS + 1), 0)
    for run in waiting:
        counts[run.lab] += 1
    for lab, number in counts.items():
        told = week.waiting[lab]
        if not told or told[-1][1] != number:
            told.append((now, number))


def share_ratios(week: Week) -> list[float]:
    """What each lab got of its share, in every window in which it had waiting work; 1 is all of it.

    A window is one day long and ends at every sixth hour from the middle of the second day on. Its
    labs are those that had a run waiting at every moment of it. What they were given of the
    computing up to its end is counted in seconds that halve with SHARE_HALF_LIFE_SECONDS of age, as
    the fair share promises; a lab's share of their sum is its share over the sum of theirs. (In
    plain seconds of the window a lab that used much on the day before is served less, on purpose.)
    """
    ratios: list[float] = []
    for ended in np.arange(1.5 * DAY, WEEK + 1, DAY / 4):
        labs = [lab for lab in range(1, LABS + 1) if _backlogged(week, lab, ended - DAY, ended)]
        given = {lab: _given(week, lab, ended) for lab in labs}
        total, shares = sum(given.values()), sum(SHARES.get(lab, 1.0) for lab in labs)
        if len(labs) > 1:
            ratios += [given[lab] / total / (SHARES.get(lab, 1.0) / shares) for lab in labs]
    return ratios


def longest_halt(week: Week, lab: int) -> float:
    """The longest time `lab` had waiting work without a run under way, seconds."""
    busy = sorted((run.started, run.ended) for run in week.done if run.lab == lab)
    return max((_uncovered(busy, *span) for span in _backlogs(week, lab)), default=0.0)


def _backlogs(week: Week, lab: int) -> Iterator[tuple[float, float]]:
    """The spans in which `lab` had a run waiting."""
    began = None
    for moment, number in [*week.waiting[lab], (WEEK, 0)]:
        if number and began is None:
            began = moment
        elif not number and began is not None:
            yield began, moment
            began = None


def _uncovered(busy: list[tuple[float, float]], began: float, ended: float) -> float:
    """The longest part of a span that no interval covers."""
    longest, reached = 0.0, began
    for start, end in busy:
        if start > reached:
            longest = max(longest, min(start, ended) - reached)
        reached = max(reached, end)
        if reached >= ended:
            return longest
    return max(longest, ended - reached)


def _backlogged(week: Week, lab: int, began: float, ended: float) -> bool:
    """Whether `lab` had a run waiting at every moment from `began` to `ended`."""
    return any(start <= began and ended <= end for start, end in _backlogs(week, lab))


def _given(week: Week, lab: int, moment: float) -> float:
    """Seconds given to `lab` up to `moment`, halved by their age."""
    runs = [run for run in week.done if run.lab == lab and run.started < moment]
    return sum(_decayed(run.started, min(run.ended, moment), moment) for run in runs)


def _decayed(began: float, ended: float, now: float) -> float:
    return use.decayed(*(START + timedelta(seconds=second) for second in (began, ended, now)))
