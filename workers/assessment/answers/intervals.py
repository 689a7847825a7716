"""From what samples say of an answer to an interval that holds the truth as often as it says.

Samples of a mode or a mean scatter too little: averaging over thousands of pixels removes their
noise, but not what a network gets wrong everywhere in a phase. So an interval is as wide as
held-out specimens ask for, in units that do not shrink with the area of the map.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np

from workers.assessment.answers.phases import Array
from workers.assessment.answers.profile import Steps
from workers.assessment.answers.tally import Tally

MODE = -1  # in the column `channel` of the table: the row says how large the phase is


@dataclass(frozen=True)
class Factors:
    """How many of its units the half of a 90 % interval is, by conformal risk control."""

    mode: float
    composition: float
    profile: float

    @classmethod
    def from_card(cls, card: Mapping[str, float]) -> "Factors":
        return cls(*(float(card[name]) for name in ("mode", "composition", "profile")))

    def to_card(self) -> dict[str, float]:
        return {name: round(value, 4) for name, value in asdict(self).items()}


@dataclass(frozen=True)
class Interval:
    """Values and the ends of their 90 % intervals, arrays of one shape."""

    value: Array
    lower: Array
    upper: Array


def modes(tally: Tally, factors: Factors | None) -> Interval:
    """Share of the area of every phase, `(p,)`; without factors as the samples have it."""
    return _interval(tally.modes, mode_unit(tally), factors.mode if factors else None, most=1.0)


def compositions(tally: Tally, factors: Factors | None) -> Interval:
    """Mean counts of every phase, `(p, c)`; without factors as the samples have it."""
    unit = composition_unit(tally)
    return _interval(tally.compositions, unit, factors.composition if factors else None)


def mode_unit(tally: Tally) -> Array:
    """What the error of a mode is measured in, `(p,)`: the share of the area in doubt."""
    return np.hypot(_scatter(tally.modes), tally.doubt())


def composition_unit(tally: Tally) -> Array:
    """What the error of a mean is measured in, `(p, c)` counts."""
    return np.hypot(_scatter(tally.compositions), 0.2 * tally.spread)


def widths(steps: Steps, factors: Factors | None) -> tuple[float, float, float]:
    """The width of a boundary over its samples and the ends of its 90 % interval, pixels."""
    logs = np.log(steps.width)[:, None]
    found = _interval(
        logs, profile_unit(steps), factors.profile if factors else None, least=-np.inf
    )
    value, lower, upper = (float(np.exp(x[0])) for x in (found.value, found.lower, found.upper))
    return value, lower, upper


def profile_unit(steps: Steps) -> Array:
    """What the error of the logarithm of a width is measured in, `(1,)`."""
    return np.hypot(_scatter(np.log(steps.width)[:, None]), 0.1)


def table(found: Interval, means: Interval) -> dict[str, np.ndarray]:
    """The columns of the table `answers`: modes first, then the mean of every phase and channel."""
    phases, channels = means.value.shape
    return {
        "phase": np.concatenate([np.arange(phases), np.repeat(np.arange(phases), channels)]),
        "channel": np.concatenate([np.full(phases, MODE), np.tile(np.arange(channels), phases)]),
        **{
            name: np.concatenate([getattr(found, name), getattr(means, name).ravel()])
            for name in ("value", "lower", "upper")
        },
    }


def _scatter(samples: Array) -> Array:
    """Standard deviation over samples, with that of their mean."""
    count = len(samples)
    return np.asarray(samples.std(axis=0, ddof=1) * np.sqrt(1 + 1 / count))


def _interval(
    samples: Array,
    unit: Array,
    factor: float | None,
    least: float = 0.0,
    most: float = np.inf,
) -> Interval:
    value = np.mean(samples, axis=0)
    if factor is None:
        lower, upper = np.quantile(samples, [0.05, 0.95], axis=0)
        return Interval(value, lower, upper)
    half = factor * unit
    return Interval(value, (value - half).clip(least), (value + half).clip(max=most))
