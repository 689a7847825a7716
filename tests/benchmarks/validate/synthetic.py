"""Simulated specimens: calibrated on some, every figure from others; nothing is split by pixel."""

from collections.abc import Callable, Sequence

import numpy as np

from tests.benchmarks.validate import risks
from tests.benchmarks.validate.part import Bar, Figures, Part, bootstrap, mean_of
from tests.benchmarks.validate.scenes import CALIBRATION, FACTOR, TEST, Name
from tests.benchmarks.validate.specimens import SAMPLES, Row, error_row, feature_row, scored_row
from workers.assessment.calibration import conformal_scale
from workers.assessment.scores import level_error
from workers.assessment.spread import CUTS, Spread
from workers.training.cards import card

# Conformal risk control errs on the safe side by up to 1/(n + 1), so n is large; features, which
# take samples, are looked at in the first of them only.
CALIBRATING, WITH_FEATURES, TESTED = 200, 60, 60

BARS = {
    "synthetic.coverage90": Bar("90 % intervals, new specimens: mean coverage", 0.88, 0.92),
    "synthetic.coverage90_edge": Bar("the same at edges (steepest tenth of the truth)", low=0.85),
    "synthetic.one_factor.coverage90_edge": Bar("at edges, had all pixels one factor"),
    "synthetic.coverage90_flat": Bar("the same in flat parts (gentler half)"),
    "synthetic.coverage90_few": Bar("the same in elements with under 3 counts a measured pixel"),
    "synthetic.coverage90_worst": Bar("the same, the specimen that fares worst"),
    "synthetic.ece": Bar("calibration error over all levels of intervals", high=0.03),
    "synthetic.ause_ratio": Bar("ranking of errors by spread: AUSE over that of slope", high=0.6),
    "synthetic.crps_ratio_to_single": Bar("CRPS of samples over that of one network's", high=1),
    "synthetic.crps_ratio_to_bicubic": Bar(
        "CRPS over that of bicubic with the best constant spread of each element", high=1
    ),
    "synthetic.chi2_samples": Bar("agreement of samples with the counts", 0.9, 1.1),
    "synthetic.extreme_ranks": Bar(f"truths outside {SAMPLES} samples; {2 / 17:.3f} if right"),
    "synthetic.tarp_mean": Bar("TARP mean of the sampler, patches of 16 pixels; 0.5 if right"),
    "synthetic.tarp_spread": Bar("standard deviation of it over specimens"),
    "synthetic.tarp_control": Bar("the same with a sample in the truth's place", 0.48, 0.52),
    "synthetic.flow.tarp_mean": Bar("TARP mean of the null-space flow"),
    "synthetic.flow.crps_ratio_to_ensemble": Bar("CRPS of the flow over the ensemble's"),
    "synthetic.card.coverage90": Bar("90 % intervals with the factor of the shipped card"),
    **risks.BARS,
}
Rows = Sequence[Row]


def _units() -> Sequence[Name]:
    # The slowest first, so that no process is left with one at the end.
    tested = [Name(TEST, n) for n in range(TESTED)]
    return tested + [Name(CALIBRATION, n) for n in range(CALIBRATING)]


def _work(name: Name) -> Row:
    if name.seed == TEST:
        return scored_row(name)
    return feature_row(name) if name.number < WITH_FEATURES else error_row(name)


def _figures(rows: Rows) -> Figures:
    tested, calibrating = rows[:TESTED], rows[TESTED:]
    judged = [row.features for row in calibrating if row.features is not None]
    return (
        intervals(calibrating, tested)
        | beside_rivals(tested)
        | risks.of_features(judged, [row.features for row in tested if row.features is not None])
    )


def intervals(calibrating: Rows, tested: Rows) -> Figures:
    """Coverage of 90 % intervals, by stratum of the truth, and calibration of all levels."""
    spread = Spread.of([row.z for row in calibrating], [row.steepness for row in calibrating])
    shipped = Spread.from_card(card()["calibration"][f"binned.x{FACTOR}"])
    factors = spread.intervals["0.9"]
    figures: Figures = {
        f"synthetic.interval_factor.{k}": factor for k, factor in enumerate(factors)
    }
    together = conformal_scale([row.z for row in calibrating], 0.1)

    def inside(row: Row) -> np.ndarray:
        return row.z <= np.array(factors)[row.steepness]

    strata: dict[str, Callable[[Row], np.ndarray]] = {
        "coverage90": inside,
        "coverage90_edge": lambda row: inside(row)[row.edge],
        "coverage90_flat": lambda row: inside(row)[row.flat],
        "coverage90_few": lambda row: inside(row)[row.few],
        "one_factor.coverage90_edge": lambda row: row.z[row.edge] <= together,
        "card.coverage90": lambda row: row.z <= np.array(shipped.intervals["0.9"])[row.steepness],
    }
    for key, of in strata.items():
        found = [of(row) for row in tested]
        figures |= mean_of(f"synthetic.{key}", [float(x.mean()) for x in found if len(x)])
    figures["synthetic.coverage90_worst"] = min(float(inside(row).mean()) for row in tested)
    levels = _levels(calibrating, tested)
    return figures | bootstrap(
        "synthetic.ece", levels, lambda some: level_error(np.concatenate(some)), repeats=200
    )


def _levels(calibrating: Rows, tested: Rows) -> list[np.ndarray]:
    """Of every pixel, the level of the narrowest interval that holds its truth."""
    found = [np.empty_like(row.z) for row in tested]
    for k in range(len(CUTS) + 1):
        pooled = np.sort(np.concatenate([row.z[row.steepness == k] for row in calibrating]))
        for into, row in zip(found, tested, strict=True):
            lies = row.steepness == k
            into[lies] = np.searchsorted(pooled, row.z[lies], side="right") / len(pooled)
    return found


def beside_rivals(tested: Rows) -> Figures:
    """What one network, bicubic and the slope of the measurement would have done."""

    def ratio(key: str, ours: str, theirs: str) -> Figures:
        def of(some: Rows) -> float:
            return sum(r.scores[ours] for r in some) / sum(r.scores[theirs] for r in some)

        return bootstrap(f"synthetic.{key}", tested, of)

    def mean(key: str, name: str) -> Figures:
        return mean_of(f"synthetic.{key}", [row.scores[name] for row in tested])

    return (
        ratio("ause_ratio", "ause", "ause_gradient")
        | ratio("crps_ratio_to_single", "crps_ours", "crps_single")
        | ratio("crps_ratio_to_bicubic", "crps_ours", "crps_bicubic")
        | ratio("flow.crps_ratio_to_ensemble", "crps_flow", "crps_ours")
        | mean("chi2_samples", "chi2")
        | mean("tarp_mean", "tarp_ours")
        | mean("tarp_control", "tarp_control_ours")
        | mean("flow.tarp_mean", "tarp_flow")
        | mean("flow.tarp_control", "tarp_control_flow")
        | bootstrap(
            "synthetic.tarp_spread",
            tested,
            lambda some: float(np.std([row.scores["tarp_ours"] for row in some])),
        )
        | mean_of(
            "synthetic.extreme_ranks", [float(row.ranks[0] + row.ranks[-1]) for row in tested]
        )
    )


PART = Part("synthetic", BARS, _units, _work, _figures, seeds=(CALIBRATION, TEST))
