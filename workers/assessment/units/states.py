"""States of units through time, when they changed, and how often they do.

A hidden Markov model that tracks share (`markov`). As many states as the evidence pays for; the
rate of each change has an interval: five changes in forty frames say something, not everything.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from workers.assessment.units import markov
from workers.assessment.units.markov import Model, Tracks

Array = NDArray[np.float64]

MOST_STATES = 4
APART = 6.0  # standard deviations between states: what only wanders is not two of them
JUMP = 0.5  # of the way between two states, at once: a change is no crossing of a border
PAID = 6.0  # nats a parameter, besides the Bayesian information criterion's


@dataclass(frozen=True)
class Rate:
    """Changes from one state to another: how many, per frame, with a 90 % interval."""

    start: int
    end: int
    count: int
    per_frame: float
    low: float
    high: float


@dataclass(frozen=True)
class Track:
    """One unit through t frames: values `(t, d)` and their posterior variances (t, d)."""

    values: Array
    variances: Array


@dataclass(frozen=True)
class States:
    """Of tracks that share them, states numbered by first appearance.

    paths : of each track, (t,) int64, its likeliest sequence; mean : (s, d), of the values;
    changes : of each track, the frames at which a new state begins; rates : of every change that
    could happen.
    """

    paths: tuple[NDArray[np.int64], ...]
    mean: Array
    changes: tuple[tuple[int, ...], ...]
    rates: tuple[Rate, ...]

    @property
    def count(self) -> int:
        return len(self.mean)


def find_states(tracks: Sequence[Track], seed: int = 0) -> States:
    """The states of units in tracks; an angle modulo 2π/n comes as (cos nθ, sin nθ).

    Raises ValueError where no track has two frames.
    """
    longest = max((len(track.values) for track in tracks), default=0)
    if longest < 2:
        raise ValueError(f"States over time take at least 2 frames; there are {longest}.")
    rng = np.random.default_rng(seed)
    together = Tracks.of([(track.values, track.variances) for track in tracks])
    frames = int(together.seen.sum())
    best = markov.fit(together, 1, rng)
    for count in range(2, min(MOST_STATES, frames // 2) + 1):
        tried = markov.fit(together, count, rng)
        paid = (tried.parameters - best.parameters) * 0.5 * np.log(frames) + PAID
        gain = tried.log_likelihood - best.log_likelihood
        if gain < paid or _closest(tried, together) < APART:
            break
        best = tried
    found = markov.likeliest(best, together)
    seen = list(dict.fromkeys(np.concatenate(found).tolist()))
    rank = np.full(len(best.mean), -1)
    rank[seen] = np.arange(len(seen))
    paths = tuple(rank[path] for path in found)
    changes = tuple(tuple((np.flatnonzero(np.diff(path)) + 1).tolist()) for path in paths)
    return States(paths, best.mean[seen], changes, rates(paths, len(seen)))


def rates(tracks: Sequence[NDArray[np.int64]], count: int) -> tuple[Rate, ...]:
    """Rates per frame between `count` states over tracks that share them.

    Gamma posterior of a Poisson rate with Jeffreys' prior: (changes + ½) over the frames in which
    a change could have begun.
    """
    found = []
    for start in range(count):
        stayed = sum(int((track[:-1] == start).sum()) for track in tracks)
        for end in range(count):
            if start == end or not stayed:
                continue
            seen = sum(int(((t[:-1] == start) & (t[1:] == end)).sum()) for t in tracks)
            low, middle, high = stats.gamma.ppf([0.05, 0.5, 0.95], seen + 0.5) / stayed
            found.append(Rate(start, end, seen, float(middle), float(low), float(high)))
    return tuple(found)


def _closest(model: Model, tracks: Tracks) -> float:
    """The smallest distance between two states, in standard deviations.

    Of what frames say of units in one state; or, where units jump from one to the other, of what
    they say of one unit while it stays: places of a sample differ without anything having happened.
    """
    variance = tracks.variances[tracks.seen].mean(axis=0)
    paths = markov.likeliest(model, tracks)
    stays = _while_it_stays(tracks, paths)
    closest = np.inf
    for start, end in combinations(range(len(model.mean)), 2):
        gap = model.mean[end] - model.mean[start]
        distance = np.sqrt((gap**2 / (model.spread + variance)).sum())
        whole = (gap**2 / stays).sum()
        if _jumps(tracks, paths, {start, end}, gap / stays / whole) > JUMP:
            distance = max(distance, np.sqrt(whole))
        closest = min(closest, distance)
    return float(closest)


def _while_it_stays(tracks: Tracks, paths: Sequence[NDArray[np.int64]]) -> Array:
    """The variance `(d,)` of a unit's values about their mean in one state, over all units."""
    total, freedom = np.zeros(tracks.values.shape[2]), 0
    for values, path in zip(tracks.values, paths, strict=True):
        for state in np.unique(path):
            mine = values[: len(path)][path == state]
            total += ((mine - mine.mean(axis=0)) ** 2).sum(axis=0)
            freedom += len(mine) - 1
    return np.asarray((total / max(freedom, 1)).clip(markov.LEAST_SPREAD**2))


def _jumps(
    tracks: Tracks, paths: Sequence[NDArray[np.int64]], pair: set[int], along: Array
) -> float:
    """How far units go at once that change between a pair of states, as a share of the way between.

    The median; 0 where none changes. The whole way is 1 along `along` (d,).
    """
    steps = [
        abs((values[t + 1] - values[t]) @ along)
        for values, path in zip(tracks.values, paths, strict=True)
        for t in np.flatnonzero(np.diff(path))
        if {int(path[t]), int(path[t + 1])} == pair
    ]
    return float(np.median(steps)) if steps else 0.0
