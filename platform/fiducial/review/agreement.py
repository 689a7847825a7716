"""How far reviewers agree with each other, and with what audit windows showed: counted, with n.

Few details make wide intervals; they are given, and a kappa only from `FEWEST` details on.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from uuid import UUID

from .models import Mark

FEWEST = 10  # details both marked, for a kappa: with fewer it hangs on single details
Z = 1.96  # of a 95 % interval
Key = tuple[UUID, int]  # report and number of the detail
Verdict = Mark.Verdict


@dataclass(frozen=True)
class Share:
    """`hits` of `count`, with Wilson's 95 % interval, which holds for few as well."""

    hits: int
    count: int

    @property
    def value(self) -> float:
        return self.hits / self.count

    @property
    def low(self) -> float:
        return max(0.0, self._middle - self._reach)

    @property
    def high(self) -> float:
        return min(1.0, self._middle + self._reach)

    @property
    def _middle(self) -> float:
        return (self.hits + Z**2 / 2) / (self.count + Z**2)

    @property
    def _reach(self) -> float:
        spread = self.hits * (self.count - self.hits) / self.count + Z**2 / 4
        return Z * math.sqrt(spread) / (self.count + Z**2)


@dataclass(frozen=True)
class Pair:
    """Two reviewers over the details both marked; `kappa` None where they are too few."""

    names: tuple[str, str]
    same: Share
    kappa: float | None


@dataclass(frozen=True)
class Versus:
    """One reviewer over the features that audit windows looked for."""

    name: str
    right: Share | None  # of those on which they took a side; None: of none
    unsure: int  # of the rest


@dataclass(frozen=True)
class Said:
    """What one voice says of every detail it marked, as it counts."""

    name: str
    of: dict[Key, str]


def voices(marks: Iterable[Mark]) -> list[Said]:
    """From marks in the order of time: each voice with its newest word on every detail."""
    found: dict[str, Said] = {}
    for mark in marks:
        said = found.setdefault(mark.voice, Said(mark.by_name, {}))
        said.of[mark.report_id, mark.number] = mark.verdict
    return list(found.values())


def pairs(spoken: Sequence[Said]) -> list[Pair]:
    """Every two voices that marked a detail in common."""
    found = []
    for one, other in combinations(spoken, 2):
        both = [(one.of[key], other.of[key]) for key in one.of if key in other.of]
        if both:
            same = Share(sum(a == b for a, b in both), len(both))
            found.append(Pair((one.name, other.name), same, kappa(both)))
    return found


def kappa(both: Sequence[tuple[str, str]]) -> float | None:
    """Cohen's kappa: 1 where they always say the same, 0 where no more often than by chance.

    None with fewer than `FEWEST` details, or where both always gave one and the same verdict: then
    chance alone explains everything.
    """
    count = len(both)
    if count < FEWEST:
        return None
    first, second = zip(*both, strict=True)
    chance = sum(first.count(v) * second.count(v) for v in Verdict.values) / count**2
    if chance == 1:
        return None
    same = sum(a == b for a, b in both) / count
    return (same - chance) / (1 - chance)


def against(spoken: Sequence[Said], truth: Mapping[Key, bool]) -> list[Versus]:
    """Every voice that marked a feature of which windows say whether it is there (`truth`)."""
    found = []
    for one in spoken:
        known = [(one.of[key], truth[key]) for key in one.of if key in truth]
        sides = [(said, there) for said, there in known if said != Verdict.UNSURE]
        right = sum((said == Verdict.SUPPORTED) == there for said, there in sides)
        if known:
            share = Share(right, len(sides)) if sides else None
            found.append(Versus(one.name, share, len(known) - len(sides)))
    return found
