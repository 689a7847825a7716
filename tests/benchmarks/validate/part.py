"""A part of `make validate`: what it measures, the bars it promises, and how it measures them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

Figures = dict[str, float]
T = TypeVar("T")
R = TypeVar("R")

REPEATS = 1000
_SEED = 20


@dataclass(frozen=True)
class Bar:
    """What a figure says, for the docs, and where it has to lie; unbounded: it is only reported."""

    says: str
    low: float = -np.inf
    high: float = np.inf

    @property
    def reported(self) -> bool:
        """Whether there is no bar: nobody promised anything."""
        return self.low == -np.inf and self.high == np.inf

    @property
    def words(self) -> str:
        """The bar as a table shows it."""
        if self.reported:
            return "reported"
        if self.low == self.high:
            return f"{self.low:g}"
        if self.high == np.inf:
            return f"≥ {self.low:g}"
        return f"≤ {self.high:g}" if self.low == -np.inf else f"{self.low:g} to {self.high:g}"

    def verdict(self, value: float) -> str:
        if self.reported:
            return ""
        return "holds" if self.low <= value <= self.high else "missed"


@dataclass(frozen=True)
class Part(Generic[T, R]):
    """Some figures of `make validate`.

    bars : by key, in the order they are shown; a figure without a bar is kept in the results.
    units : what can be worked on side by side (specimens, seeds); called in the parent. Raises
        LookupError, with the reason, where its data are not on this machine.
    work : one unit, in a process of its own with one thread; a function of a module, so that it
        can be sent there.
    figures : from what every unit gave, in the order of the units.
    seeds : what its random numbers follow from, for the record.
    alone : nothing else may run beside it, since its seconds or its memory are the figure; it then
        has a fresh process and every thread.
    """

    name: str
    bars: Mapping[str, Bar]
    units: Callable[[], Sequence[T]]
    work: Callable[[T], R]
    figures: Callable[[Sequence[R]], Figures]
    seeds: tuple[int, ...] = ()
    alone: bool = False


def bootstrap(
    key: str, rows: Sequence[R], statistic: Callable[[Sequence[R]], float], repeats: int = REPEATS
) -> Figures:
    """`key` and its 95 % interval, `key.ci95_low` and `.ci95_high`, drawing rows with replacement.

    A row is whatever one independent specimen gave: pixels and features are never drawn (Efron
    1979, percentile interval). With fewer than two rows there is no interval.
    """
    figures = {key: float(statistic(rows))}
    if len(rows) < 2:
        return figures
    rng = np.random.default_rng(_SEED)
    drawn = rng.integers(0, len(rows), (repeats, len(rows)))
    values = [statistic([rows[i] for i in chosen]) for chosen in drawn]
    low, high = np.nanquantile(values, [0.025, 0.975])
    return figures | {f"{key}.ci95_low": float(low), f"{key}.ci95_high": float(high)}


def mean_of(key: str, rows: Sequence[float]) -> Figures:
    """The mean over independent rows with its bootstrap interval."""
    return bootstrap(key, list(rows), lambda some: float(np.mean(some)))
