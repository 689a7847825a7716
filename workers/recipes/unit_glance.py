"""What a movie shows at first sight: states by the classical descriptor, before any knob."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workers.assessment.units.descriptor import describe
from workers.assessment.units.finding import cut, find
from workers.recipes.unit_states import as_told, classical_states
from workers.recipes.unit_words import at_first_sight
from workers.recipes.units import SIDE, WHAT, suggestion

LEAST_UNITS = 8
MOST_UNITS = 6000  # seconds, not minutes


def glance(frames: NDArray[np.float32], summary: Mapping[str, Any]) -> dict[str, Any]:
    """Of frames `(t, h, w)`: what was looked at, the states found, and a sentence in `words`.

    The window and what a unit is are those that a run would be offered.
    """
    offered = {"what": WHAT.default, **suggestion(dict(summary))}
    what, window = str(offered["what"]), float(offered["window"])
    seen = {"what": what, "window": window, "frames": len(frames), "states": None}
    found = find(frames, what, window) if window < min(frames.shape[1:]) else None
    if found is None or not LEAST_UNITS <= len(found.frame) <= MOST_UNITS:
        return {**seen, "words": at_first_sight(seen)}
    described = describe(cut(frames, found, window, SIDE))
    states = classical_states(described, found, described.order(), what != "places")
    seen |= {"units": len(found.frame), "states": as_told(states, found)}
    return {**seen, "words": at_first_sight(seen)}
