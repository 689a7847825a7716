"""A hidden Markov model that many tracks share, whose frames say each with its own variance.

A frame that says little moves nothing. Forward and backward sums and the likeliest sequence go over
all tracks at once (Rabiner, Proc. IEEE 77, 257, 1989).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

Array = NDArray[np.float64]

STEPS = 60
STARTS = 6
STAY = 0.9  # where the search for rates begins
LEAST_SPREAD = 0.05  # of a state, in units of the values: nothing physical is a point


@dataclass(frozen=True)
class Tracks:
    """m tracks of up to t frames: `values` and posterior `variances` (m, t, d), `seen` (m, t):
    which of the frames a track has, from the first on."""

    values: Array
    variances: Array
    seen: NDArray[np.bool_]

    @classmethod
    def of(cls, tracks: Sequence[tuple[Array, Array]]) -> "Tracks":
        """Of pairs of values and variances `(t, d)`."""
        lengths = [len(values) for values, _ in tracks]
        shape = (len(tracks), max(lengths), tracks[0][0].shape[1])
        values, variances = np.zeros(shape), np.ones(shape)
        for k, (mean, variance) in enumerate(tracks):
            values[k, : len(mean)], variances[k, : len(mean)] = mean, variance
        return cls(values, variances, np.arange(max(lengths)) < np.array(lengths)[:, None])


@dataclass(frozen=True)
class Model:
    """s states: `mean` (s, d), `spread` (d,) the variance of a state besides what a frame does not
    know, `move` (s, s) the probability of each change."""

    mean: Array
    spread: Array
    move: Array
    log_likelihood: float

    @property
    def parameters(self) -> int:
        s, d = map(int, self.mean.shape)
        return s * d + d + s * (s - 1)


def fit(tracks: Tracks, count: int, rng: np.random.Generator) -> Model:
    """The likeliest model with `count` states, over a few starts."""
    starts = STARTS if count > 1 else 1
    fitted = [_climbed(tracks, count, rng) for _ in range(starts)]
    return max(fitted, key=lambda model: model.log_likelihood)


def likeliest(model: Model, tracks: Tracks) -> list[NDArray[np.int64]]:
    """Viterbi's sequence of states of every track, each as long as the track."""
    logs, move = _emissions(model, tracks), np.log(model.move)
    many, frames, _ = logs.shape
    score, back = logs[:, 0].copy(), np.zeros(logs.shape, np.int64)
    for t in range(1, frames):
        reached = score[:, :, None] + move
        now = tracks.seen[:, t, None]
        back[:, t] = np.where(now, reached.argmax(axis=1), np.arange(len(move)))
        score = np.where(now, reached.max(axis=1) + logs[:, t], score)
    path = np.empty((many, frames), np.int64)
    path[:, -1] = score.argmax(axis=1)
    for t in range(frames - 1, 0, -1):
        path[:, t - 1] = back[np.arange(many), t, path[:, t]]
    return [mine[seen] for mine, seen in zip(path, tracks.seen, strict=True)]


def _climbed(tracks: Tracks, count: int, rng: np.random.Generator) -> Model:
    """Baum and Welch's steps from states at frames far from each other."""
    values, variances = tracks.values[tracks.seen], tracks.variances[tracks.seen]
    chosen = [int(rng.integers(len(values)))]
    while len(chosen) < count:
        gaps = np.min([((values - values[c]) ** 2).sum(1) for c in chosen], axis=0)
        total = gaps.sum()
        chosen.append(int(rng.choice(len(values), p=gaps / total if total else None)))
    away = (1 - STAY) / max(count - 1, 1)
    move = np.full((count, count), away) + (STAY - away) * np.eye(count)
    if count == 1:
        move[:] = 1.0
    model = Model(values[chosen], values.var(axis=0) / count + LEAST_SPREAD**2, move, -np.inf)
    for _ in range(STEPS):
        probability, pairs, log_likelihood = _smoothed(model, tracks)
        if log_likelihood - model.log_likelihood < 1e-4:
            break
        weight = probability[:, :, None] / (variances[:, None] + model.spread)
        mean = (weight * values[:, None]).sum(0) / weight.sum(0).clip(1e-12)
        rest = (values[:, None] - mean) ** 2 - variances[:, None]
        spread = (probability[:, :, None] * rest).sum((0, 1)) / len(values)
        # Jeffreys' prior: a change never seen is not impossible.
        move = pairs + 0.5
        model = Model(
            mean,
            spread.clip(LEAST_SPREAD**2),
            move / move.sum(axis=1, keepdims=True) if count > 1 else np.ones((1, 1)),
            log_likelihood,
        )
    return model


def _emissions(model: Model, tracks: Tracks) -> Array:
    """log p(values of a frame | state), `(m, t, s)`."""
    total = (tracks.variances + model.spread)[:, :, None]
    squares = (tracks.values[:, :, None] - model.mean) ** 2 / total
    return np.asarray(-0.5 * (squares + np.log(2 * np.pi * total)).sum(3))


def _smoothed(model: Model, tracks: Tracks) -> tuple[Array, Array, float]:
    """p(state) of each frame `(n, s)` in the order of tracks, expected changes, log likelihood."""
    logs, move, seen = _emissions(model, tracks), np.log(model.move), tracks.seen[:, :, None]
    frames, count = logs.shape[1:]
    ahead, behind = np.empty_like(logs), np.zeros_like(logs)
    ahead[:, 0] = logs[:, 0] - np.log(count)
    for t in range(1, frames):
        step = logs[:, t] + special.logsumexp(ahead[:, t - 1, :, None] + move, axis=1)
        ahead[:, t] = np.where(seen[:, t], step, ahead[:, t - 1])
    for t in range(frames - 2, -1, -1):
        later = (logs[:, t + 1] + behind[:, t + 1])[:, None, :]
        step = special.logsumexp(move + later, axis=2)
        behind[:, t] = np.where(seen[:, t + 1], step, 0.0)
    total = special.logsumexp(ahead[:, -1], axis=1)
    probability = np.exp(ahead + behind - total[:, None, None])
    later = (logs[:, 1:] + behind[:, 1:])[:, :, None, :]
    pairs = np.exp(ahead[:, :-1, :, None] + move + later - total[:, None, None, None])
    pairs = np.where(seen[:, 1:, :, None], pairs, 0.0).sum((0, 1))
    return probability[tracks.seen], pairs, float(total.sum())
