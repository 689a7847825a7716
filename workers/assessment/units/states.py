"""States of units through time, when they changed, and how often they do.

A hidden Markov model that tracks share. What a frame says of a unit has its own posterior variance,
so a frame that says little moves nothing. As many states as the evidence pays for; the rate of each
change has an interval, as five changes in forty frames say something and not everything.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

Array = NDArray[np.float64]

MOST_STATES = 4
LEAST_FRAMES = 4
STEPS = 60
STARTS = 6
STAY = 0.9  # where the search for rates begins
LEAST_SPREAD = 0.05  # of a state, in units of the values: nothing physical is a point
APART = 6.0  # standard deviations between states: what only wanders is not two of them
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


@dataclass(frozen=True)
class _Model:
    mean: Array  # (s, d)
    spread: Array  # (d,), variance of a state besides what a frame does not know
    move: Array  # (s, s)
    log_likelihood: float

    @property
    def parameters(self) -> int:
        s, d = map(int, self.mean.shape)
        return s * d + d + s * (s - 1)


def find_states(tracks: Sequence[Track], seed: int = 0) -> States:
    """The states of units in tracks; an angle modulo 2π/n comes as (cos nθ, sin nθ).

    Raises ValueError where no track has four frames.
    """
    longest = max((len(track.values) for track in tracks), default=0)
    if longest < LEAST_FRAMES:
        raise ValueError(f"States over time take at least 4 frames; there are {longest}.")
    rng = np.random.default_rng(seed)
    frames = sum(len(track.values) for track in tracks)
    variance = np.concatenate([track.variances for track in tracks]).mean(axis=0)
    best = _fit(tracks, 1, rng)
    for count in range(2, min(MOST_STATES, frames // 2) + 1):
        tried = _fit(tracks, count, rng)
        paid = (tried.parameters - best.parameters) * 0.5 * np.log(frames) + PAID
        gain = tried.log_likelihood - best.log_likelihood
        if gain < paid or _closest(tried, variance) < APART:
            break
        best = tried
    found = [_likeliest(best, track) for track in tracks]
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


def _closest(model: _Model, variance: Array) -> float:
    """The smallest distance between two states, in standard deviations of what frames say."""
    scaled = model.mean / np.sqrt(model.spread + variance)
    gaps = np.sqrt(((scaled[:, None] - scaled) ** 2).sum(2))
    return float(gaps[np.triu_indices(len(gaps), 1)].min())


def _fit(tracks: Sequence[Track], count: int, rng: np.random.Generator) -> _Model:
    starts = STARTS if count > 1 else 1
    fitted = [_climbed(tracks, count, rng) for _ in range(starts)]
    return max(fitted, key=lambda model: model.log_likelihood)


def _climbed(tracks: Sequence[Track], count: int, rng: np.random.Generator) -> _Model:
    """Baum and Welch's steps from states at frames far from each other."""
    values = np.concatenate([track.values for track in tracks])
    variances = np.concatenate([track.variances for track in tracks])
    chosen = [int(rng.integers(len(values)))]
    while len(chosen) < count:
        gaps = np.min([((values - values[c]) ** 2).sum(1) for c in chosen], axis=0)
        total = gaps.sum()
        chosen.append(int(rng.choice(len(values), p=gaps / total if total else None)))
    away = (1 - STAY) / max(count - 1, 1)
    move = np.full((count, count), away) + (STAY - away) * np.eye(count)
    if count == 1:
        move[:] = 1.0
    model = _Model(values[chosen], values.var(axis=0) / count + LEAST_SPREAD**2, move, -np.inf)
    for _ in range(STEPS):
        smoothed = [_smoothed(model, track) for track in tracks]
        log_likelihood = sum(each[2] for each in smoothed)
        if log_likelihood - model.log_likelihood < 1e-4:
            break
        probability = np.concatenate([each[0] for each in smoothed])
        weight = probability[:, :, None] / (variances[:, None] + model.spread)
        mean = (weight * values[:, None]).sum(0) / weight.sum(0).clip(1e-12)
        rest = (values[:, None] - mean) ** 2 - variances[:, None]
        spread = (probability[:, :, None] * rest).sum((0, 1)) / len(values)
        # Jeffreys' prior: a change never seen is not impossible.
        move = np.sum([each[1] for each in smoothed], axis=0) + 0.5
        model = _Model(
            mean,
            spread.clip(LEAST_SPREAD**2),
            move / move.sum(axis=1, keepdims=True) if count > 1 else np.ones((1, 1)),
            log_likelihood,
        )
    return model


def _emissions(model: _Model, track: Track) -> Array:
    """log p(values of a frame | state), `(t, s)`."""
    total = (track.variances + model.spread)[:, None]
    squares = (track.values[:, None] - model.mean) ** 2 / total
    return np.asarray(-0.5 * (squares + np.log(2 * np.pi * total)).sum(2))


def _smoothed(model: _Model, track: Track) -> tuple[Array, Array, float]:
    """Forward and backward: p(state of each frame), expected changes, log likelihood."""
    logs, move = _emissions(model, track), np.log(model.move)
    frames, count = logs.shape
    ahead, behind = np.empty_like(logs), np.zeros_like(logs)
    ahead[0] = logs[0] - np.log(count)
    for t in range(1, frames):
        ahead[t] = logs[t] + special.logsumexp(ahead[t - 1][:, None] + move, axis=0)
    for t in range(frames - 2, -1, -1):
        behind[t] = special.logsumexp(move + logs[t + 1] + behind[t + 1], axis=1)
    total = float(special.logsumexp(ahead[-1]))
    probability = np.exp(ahead + behind - total)
    later = (logs[1:] + behind[1:])[:, None, :]
    pairs = np.exp(ahead[:-1, :, None] + move + later - total).sum(0)
    return probability, pairs, total


def _likeliest(model: _Model, track: Track) -> NDArray[np.int64]:
    """Viterbi's sequence of states."""
    logs, move = _emissions(model, track), np.log(model.move)
    score, back = logs[0].copy(), np.zeros(logs.shape, np.int64)
    for t in range(1, len(logs)):
        reached = score[:, None] + move
        back[t] = reached.argmax(axis=0)
        score = reached.max(axis=0) + logs[t]
    path = [int(score.argmax())]
    for t in range(len(logs) - 1, 0, -1):
        path.append(int(back[t][path[-1]]))
    return np.array(path[::-1])
