"""Audit windows on real maps: does what a few windows say hold for the rest of the specimen?

No network was trained on any of these specimens. Their counts are split in two independent halves:
sums of 4 × 4 pixels of one half are the first scan, the other half is the rescan, at the places of
a hundred drawings. Intervals are judged on counts, the rescan's own noise included.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tests.benchmarks.specimens import SOURCES, SPECIMENS, specimen
from tests.benchmarks.validate.part import Bar, Figures, Part
from workers.assessment.audit import windows
from workers.assessment.audit.claim import Share, claims
from workers.assessment.audit.counts import NOMINAL, Prediction, scores
from workers.assessment.counting import split_counts
from workers.assessment.spread import Spread
from workers.posteriors.api import posterior
from workers.readers.dispersion import variance_factor
from workers.training.cards import card

FACTOR, PLACEMENTS, SEED = 4, 100, 30
_REST = "90 % intervals, widened on half of the windows, on the rest of the map: mean coverage"
BARS = {
    "audit.coverage90_min": Bar(f"{_REST} over 100 placements, worst specimen", 0.88, 0.92),
    "audit.coverage90_max": Bar("the same, specimen with the highest", 0.88, 0.92),
    "audit.placement_sd": Bar("standard deviation of that coverage over placements, largest"),
    "audit.interval_holds": Bar(
        "how often the 95 % interval from the other half of the windows held the coverage of the "
        "rest of the map, over all placements and specimens",
        0.9,
        1.0,
    ),
    "audit.interval_halfwidth": Bar("half the width of that interval, mean over all"),
    "audit.before_min": Bar("coverage of the same intervals before any window, worst specimen"),
    "audit.area_share": Bar("share of the map that the windows cover, mean"),
}


@dataclass(frozen=True)
class Placed:
    """What each placement said of one map, `(placements,)` each."""

    name: str
    coverage: NDArray[np.float64]  # of the rest, widened
    held: NDArray[np.bool_]  # whether the interval of the auditing windows holds it
    halfwidth: NDArray[np.float64]
    before: float  # coverage of the whole map, as shown
    area: NDArray[np.float64]
    windows: int


def _units() -> Sequence[str]:
    names = [name for maps in SPECIMENS.values() for name in maps]
    missing = [name for name in names if not SOURCES[name].present()]
    if missing:
        raise LookupError(f"no {', '.join(missing)} under FIDUCIAL_DATA")
    return names


def _work(name: str) -> Placed:
    rng = np.random.default_rng(SEED)
    first, second = split_counts(_divisible(specimen(name).counts), rng)
    scored = scores(second.astype(float), *_predicted(first, second), rng)
    return placed(name, scored, PLACEMENTS)


def _divisible(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Without the rows and columns that make no whole measured pixel."""
    height, width = (side - side % FACTOR for side in counts.shape[1:])
    return counts[:, :height, :width]


def _predicted(
    first: NDArray[np.int64], second: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and variance of the counts `second` as a run on sums of `first` predicts them."""
    c, height, width = first.shape
    blocks = first.reshape(c, height // FACTOR, FACTOR, width // FACTOR, FACTOR)
    measured = blocks.sum((2, 4)).astype(np.float32)
    made = posterior(measured, FACTOR, "binned", variance_factor=_factors(measured))
    spread = Spread.from_card(card()["calibration"][f"binned.x{FACTOR}"])
    halfwidth = spread.halfwidth("0.9", made.estimate, made.std)
    estimate, width = (values.numpy().astype(float) for values in (made.estimate, halfwidth))
    prediction = Prediction(estimate, width / NOMINAL)
    return prediction.of_counts(1 / FACTOR**2, _factors(second.astype(np.float32)))


def _factors(maps: NDArray[np.float32]) -> NDArray[np.float32]:
    whole = np.ones(maps.shape[1:], bool)
    return np.asarray([variance_factor(one, whole) for one in maps], np.float32)


def placed(name: str, scored: NDArray[np.float64], placements: int) -> Placed:
    """Windows drawn `placements` times over a map whose pixels have the scores (c, H, W)."""
    c, height, width = scored.shape
    mask = np.ones((height // FACTOR, width // FACTOR), bool)
    coverage, held, halfwidth, area = [], [], [], []
    for seed in range(placements):
        drawn = windows.draw(mask, seed)
        inside = np.zeros((height, width), bool)
        for window in drawn:
            inside[window.part(FACTOR)] = True
        found = [scored[:, *window.part(FACTOR)].reshape(c, -1) for window in drawn]
        together, each = claims(found)
        limits = NOMINAL * np.array([one.widening for one in each])
        rest = float((scored[:, ~inside] <= limits[:, None]).mean())
        coverage.append(rest)
        held.append(_holds(together.widened, rest))
        halfwidth.append((together.widened.high - together.widened.low) / 2)
        area.append(inside.mean())
    return Placed(
        name,
        np.array(coverage),
        np.array(held),
        np.array(halfwidth),
        float((scored <= NOMINAL).mean()),
        np.array(area),
        len(drawn),
    )


def _holds(share: Share, value: float) -> bool:
    return share.low <= value <= share.high


def figures(rows: Sequence[Placed]) -> Figures:
    """The figures of all specimens from what was placed on their maps."""
    by_map = {row.name: row for row in rows}
    found: Figures = {}
    means, spreads, before = [], [], []
    for name, maps in SPECIMENS.items():
        own = [by_map[one] for one in maps if one in by_map]
        if not own:
            continue
        means.append(float(np.mean([row.coverage.mean() for row in own])))
        spreads.append(max(float(row.coverage.std(ddof=1)) for row in own))
        before.append(float(np.mean([row.before for row in own])))
        found[f"audit.{name}.coverage90"] = means[-1]
        found[f"audit.{name}.placement_sd"] = spreads[-1]
        found[f"audit.{name}.before"] = before[-1]
        found[f"audit.{name}.windows"] = float(np.mean([row.windows for row in own]))
    return found | {
        "audit.coverage90_min": min(means),
        "audit.coverage90_max": max(means),
        "audit.placement_sd": max(spreads),
        "audit.interval_holds": float(np.mean([row.held.mean() for row in rows])),
        "audit.interval_halfwidth": float(np.mean([row.halfwidth.mean() for row in rows])),
        "audit.before_min": min(before),
        "audit.area_share": float(np.mean([row.area.mean() for row in rows])),
    }


PART = Part("audit", BARS, _units, _work, figures, seeds=(SEED, *range(PLACEMENTS)))
