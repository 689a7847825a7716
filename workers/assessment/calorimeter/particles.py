"""Particles that were found, beside those that were there."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

MATCH_MM = 72.0  # a particle further from the truth than this was not found
TRIED = 60  # thresholds looked at in tuning
Index = NDArray[np.int64]
Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Found:
    """Particles `(m,)` of `events` events: which event, where (mm), how much energy (MeV)."""

    event: Index
    x_mm: Array
    y_mm: Array
    mev: Array
    events: int

    def above(self, mev: float) -> "Found":
        """Those of at least this energy."""
        chosen = self.mev >= mev
        return Found(
            event=self.event[chosen],
            x_mm=self.x_mm[chosen],
            y_mm=self.y_mm[chosen],
            mev=self.mev[chosen],
            events=self.events,
        )

    def number(self) -> Index:
        """How many each event has, `(events,)`."""
        return np.bincount(self.event, minlength=self.events)


@dataclass(frozen=True, eq=False)
class Judged:
    """Per event, `(n,)` each: true and found number, matched number; `distance_mm` `(matches,)`.

    `of_event` `(matches,)` says whose a distance is; `energy_ratio` is found over true energy.
    `hit` says which of the particles found, `(particles,)`, have a true one to themselves.
    """

    true: Index
    found: Index
    matched: Index
    of_event: Index
    distance_mm: Array
    energy_ratio: Array
    hit: NDArray[np.bool_]

    def figures(self, weights: Array | None = None) -> dict[str, float]:
        """Count correct, efficiency, fakes per event, 68 % of position errors below (mm), mean and
        standard deviation of the relative energy error of matched particles (per cent).

        `weights` `(n,)` weigh the events.
        """
        w = np.ones(len(self.true)) if weights is None else weights
        right = self.true == self.found
        each = w[self.of_event]
        figures = {
            "count_correct": float((w * right).sum() / w.sum()),
            "efficiency": float((w * self.matched).sum() / (w * self.true).sum()),
            "fakes": float((w * (self.found - self.matched)).sum() / w.sum()),
            "position_mm": _quantile(self.distance_mm, each, 0.68),
            **_energies(100 * (self.energy_ratio - 1), each),
        }
        for number in np.unique(self.true):
            of_them = self.true == number
            share = (w * right)[of_them].sum() / max(w[of_them].sum(), np.finfo(float).tiny)
            figures[f"count_correct_{number}"] = float(share)
        return figures


def judge(found: Found, truth: Found, match_mm: float = MATCH_MM) -> Judged:
    """Found and true particles matched one to one: as many as can be, and as near."""
    matched = np.zeros(truth.events, np.int64)
    hit = np.zeros(len(found.event), np.bool_)
    events, distances, ratios = [], [], []
    for event in range(truth.events):
        mine, theirs = np.flatnonzero(found.event == event), np.flatnonzero(truth.event == event)
        if not (mine.size and theirs.size):
            continue
        apart = np.hypot(
            found.x_mm[mine, None] - truth.x_mm[theirs], found.y_mm[mine, None] - truth.y_mm[theirs]
        )
        # A pair too far apart costs more than all near ones together: it is never worth it.
        rows, columns = optimize.linear_sum_assignment(
            np.where(apart <= match_mm, apart, 1e3 * match_mm)
        )
        near = apart[rows, columns] <= match_mm
        matched[event] = near.sum()
        hit[mine[rows[near]]] = True
        events.append(np.full(near.sum(), event))
        distances.append(apart[rows, columns][near])
        ratios.append(found.mev[mine[rows[near]]] / truth.mev[theirs[columns[near]]])
    return Judged(
        true=truth.number(),
        found=found.number(),
        matched=matched,
        of_event=np.concatenate(events).astype(np.int64) if events else np.zeros(0, np.int64),
        distance_mm=np.concatenate(distances) if distances else np.zeros(0),
        energy_ratio=np.concatenate(ratios) if ratios else np.zeros(0),
        hit=hit,
    )


def best_threshold(found: Found, truth: Found) -> float:
    """The energy (MeV) from which a particle counts that makes most counts right.

    To be chosen on other showers than it is used on.
    """
    tried = np.unique(np.quantile(found.mev, np.linspace(0, 1, TRIED))) if len(found.mev) else [0.0]
    right = [float((found.above(mev).number() == truth.number()).mean()) for mev in tried]
    return float(tried[int(np.argmax(right))])


def _energies(off: Array, weights: Array) -> dict[str, float]:
    if not len(off) or not weights.sum():
        return {"energy_mean_pct": float("nan"), "energy_sigma_pct": float("nan")}
    mean = float(np.average(off, weights=weights))
    sigma = float(np.sqrt(np.average((off - mean) ** 2, weights=weights)))
    return {"energy_mean_pct": mean, "energy_sigma_pct": sigma}


def _quantile(values: Array, weights: Array, share: float) -> float:
    if not len(values) or not weights.sum():
        return float("nan")
    order = np.argsort(values)
    within = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(within, share * within[-1])])
