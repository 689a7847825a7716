"""Errors of figures over events that share showers."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
DRAWS = 200


def error_of(
    figure: Callable[[Array], float],
    group: NDArray[np.int64],
    rng: np.random.Generator,
    draws: int = DRAWS,
) -> float:
    """Standard error of `figure(weights (n,))` when whole groups of showers are drawn again.

    `group` `(n,)` names the group whose showers an event is made of: events of different groups
    share no shower. A group weighs Exp(1), the Bayesian bootstrap (Rubin, Ann. Stat. 9, 130, 1981).
    """
    groups = int(group.max()) + 1
    drawn = [figure(rng.exponential(size=groups)[group]) for _ in range(draws)]
    return float(np.nanstd(drawn, ddof=1))
