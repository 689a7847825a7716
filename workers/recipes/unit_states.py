"""Which units are followed through time and the states they are in, without any network."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from workers.assessment.units.descriptor import Descriptor
from workers.assessment.units.finding import Found
from workers.assessment.units.states import States, Track, find_states

Array = NDArray[np.float64]

LEAST_FRAMES = 4  # of a track, for its unit to say something about time; all of a shorter movie
LEAST_SCALE = 1e-6  # of patches that are 0 to 1: below is rounding
CLASSICAL_VARIANCE = 0.05**2  # the classical descriptor states none; that of a good patch


def long_tracks(found: Found) -> list[NDArray[np.int64]]:
    """Units of every track that is long enough to say something about time."""
    least = max(2, min(LEAST_FRAMES, len(np.unique(found.frame))))
    each = [np.flatnonzero(found.track == k) for k in range(int(found.track.max()) + 1)]
    return [units for units in each if len(units) >= least]


def states_of(found: Found, values: Array, variances: Array) -> States | None:
    """States of every track that is long enough; None where there is none."""
    tracks = [Track(values[units], variances[units]) for units in long_tracks(found)]
    return find_states(tracks) if tracks else None


def classical_states(described: Descriptor, found: Found, n: int, turns: bool) -> States | None:
    """What the classical descriptor finds by itself."""
    values = described.values[:, :2] / described.values.std(axis=0)[:2].clip(LEAST_SCALE)
    if turns:
        turn = n * described.angle(n)
        values = np.column_stack([np.cos(turn), np.sin(turn), values])
    return states_of(found, values, np.full_like(values, CLASSICAL_VARIANCE))


def state_of_units(states: States | None, found: Found) -> NDArray[np.int64]:
    """The state of every unit; −1 where its track is too short to say."""
    state = np.full(len(found.frame), -1)
    if states:
        for units, path in zip(long_tracks(found), states.paths, strict=True):
            state[units] = path
    return state


def usual_change(states: States | None) -> tuple[int, int] | None:
    """The two states between which most changes happen; None without a change."""
    if states is None or states.count < 2 or not any(states.changes):
        return None
    often = max(states.rates, key=lambda rate: rate.count)
    return often.start, often.end


def as_told(states: States | None, found: Found) -> dict[str, Any] | None:
    """States as a page shows them; changes by track, as frame numbers from 1."""
    if states is None:
        return None
    tracks = long_tracks(found)
    changes = [
        [int(found.frame[units[at]]) + 1 for at in changed]
        for units, changed in zip(tracks, states.changes, strict=True)
    ]
    return {
        "count": states.count,
        "frames": [
            int(sum((path == s).sum() for path in states.paths)) for s in range(states.count)
        ],
        "shares": _shares(states, found),
        "changes": [each for each in changes if each],
        "changed": sum(map(len, changes)),
        "tracks": len(tracks),
        "rates": [vars(rate) for rate in states.rates],
    }


def _shares(states: States, found: Found) -> list[list[float]]:
    """Of every frame, the shares of the units followed that are in each state."""
    state = state_of_units(states, found)
    counts = np.array(
        [
            np.bincount(state[(found.frame == t) & (state >= 0)], minlength=states.count)
            for t in range(int(found.frame.max()) + 1)
        ]
    )
    shares: list[list[float]] = (counts / counts.sum(axis=1, keepdims=True).clip(1)).tolist()
    return shares
