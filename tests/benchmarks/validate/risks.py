"""The feature risk on new specimens, beside its ceiling and a simple rival, and on shuffled truth.

Risks are fitted on the specimens that calibrate; an interval draws the tested specimens anew.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from tests.benchmarks.validate.features import Judged
from tests.benchmarks.validate.part import Bar, Figures, bootstrap
from tests.benchmarks.validate.scenes import FACTOR, TEST
from workers.assessment.absence import fit_absence
from workers.assessment.features import HALF
from workers.assessment.risk import FeatureRisk, false_features, fit_feature_risk, green_limit
from workers.assessment.scores import auroc, probability_error
from workers.training.cards import card

HELD = 4  # samples that take the truth's place in turn, for the ceiling
SHUFFLES = 20
REPEATS = 300

BARS = {
    "synthetic.risk_ece": Bar("feature risk: calibration error on new specimens", high=0.05),
    "synthetic.risk_auroc": Bar("feature risk: absent told from present"),
    "synthetic.risk_auroc_ceiling": Bar("the same with a sample in the truth's place"),
    "synthetic.risk_auroc_baseline": Bar("the same from amplitude and slope alone"),
    "synthetic.risk_auroc_to_ceiling": Bar("risk over its ceiling", low=0.95),
    "synthetic.risk_auroc_gain": Bar("risk above amplitude and slope", low=0.03),
    "synthetic.risk_auroc_within": Bar("absent told from present within a specimen, mean"),
    "synthetic.greenlist.false_share": Bar("green list at α = 0.2: share that is false", high=0.2),
    "synthetic.greenlist.yield": Bar("the same: share of features on it", low=0.03),
    "synthetic.greenlist05.false_share": Bar("green list at α = 0.05: share that is false"),
    "synthetic.greenlist05.yield": Bar("the same: share of features on it"),
    "synthetic.absent_share": Bar("features of the estimate that the truth lacks"),
    "synthetic.false_expected": Bar("expected false features per 10⁴ pixels"),
    "synthetic.false_found": Bar("false features found per 10⁴ pixels"),
    "synthetic.card.risk_ece": Bar("feature risk of the shipped card: calibration error"),
    "shuffle.auroc": Bar("risk fitted and judged on shuffled truths", 0.48, 0.52),
    "shuffle.risk_spread": Bar("the same: standard deviation of the risks, which say one thing"),
    "shuffle.misplaced.auroc": Bar("truths turned by a quarter: some match by chance"),
}
Found = Sequence[Judged]  # of one specimen each
Column = Callable[[Judged], np.ndarray]


def absent(found: Judged) -> np.ndarray:
    return found.true < HALF


def misplaced(found: Judged) -> np.ndarray:
    return found.misplaced < HALF


def known(found: Judged) -> np.ndarray:
    """The covariates of a feature risk."""
    return found.judged.covariates()


def simple(found: Judged) -> np.ndarray:
    return found.simple


def together(found: Found, column: Column) -> np.ndarray:
    return np.concatenate([column(one) for one in found])


def specimen_of(found: Found) -> np.ndarray:
    return np.repeat(np.arange(len(found)), [len(one.true) for one in found])


def fitted(found: Found, covariates: Column, event: Column) -> FeatureRisk:
    """A risk fitted on specimens, each weighing the same."""
    return fit_feature_risk(together(found, covariates), together(found, event), specimen_of(found))


@dataclass(frozen=True)
class Tested:
    """One specimen: by feature the event and what each risk says of it; `held`, `held_absent`
    (HELD, n) with a sample in the place of the truth."""

    absent: np.ndarray
    risk: np.ndarray
    rival: np.ndarray
    shipped: np.ndarray
    held: np.ndarray
    held_absent: np.ndarray
    area: int


def of_features(calibrating: Found, tested: Found) -> Figures:
    """Every figure of the feature risk."""
    risk, rival = (fitted(calibrating, column, absent) for column in (known, simple))
    shipped = FeatureRisk.from_card(card()["feature_risk"][str(FACTOR)])
    rows = [
        Tested(
            absent(one),
            risk.probability(known(one)),
            rival.probability(simple(one)),
            shipped.probability(known(one)),
            *with_samples_as_truth(risk, one),
            one.area,
        )
        for one in tested
    ]
    fit = risk.probability(together(calibrating, known)), together(calibrating, absent)
    limits = {
        key: green_limit(*fit, specimen_of(calibrating), alpha)
        for key, alpha in (("greenlist", 0.2), ("greenlist05", 0.05))
    }
    figures: Figures = {"synthetic.features": float(sum(len(row.absent) for row in rows))}
    for key, statistic in (_statistics() | _green(limits)).items():
        figures |= bootstrap(f"synthetic.{key}", rows, statistic, REPEATS)
    return figures | shuffled(calibrating, tested)


def with_samples_as_truth(risk: FeatureRisk, found: Judged) -> tuple[np.ndarray, np.ndarray]:
    """Risks asked of the other samples, and whether the sample in the truth's place has it not."""
    risks = []
    for k in range(HELD):
        asked = np.delete(found.strength, k, axis=0)
        counts = (asked < HALF).sum(axis=0)
        absence = fit_absence(counts, len(asked)).probability(counts, len(asked))
        risks.append(risk.probability(replace(found.judged, absence=absence).covariates()))
    return np.stack(risks), found.strength[:HELD] < HALF


Rows = Sequence[Tested]
Statistic = Callable[[Rows], float]


def _statistics() -> dict[str, Statistic]:
    def joined(rows: Rows, name: str) -> np.ndarray:
        return np.concatenate([getattr(row, name) for row in rows], axis=-1)

    def auroc_of(name: str) -> Statistic:
        return lambda rows: auroc(joined(rows, name), joined(rows, "absent"))

    def error_of(name: str) -> Statistic:
        return lambda rows: probability_error(joined(rows, name), joined(rows, "absent"))

    def ceiling(rows: Rows) -> float:
        held = zip(joined(rows, "held"), joined(rows, "held_absent"), strict=True)
        return float(np.mean([auroc(risk, event) for risk, event in held]))

    def within(rows: Rows) -> float:
        mixed = [row for row in rows if 0 < row.absent.sum() < len(row.absent)]
        return float(np.mean([auroc(row.risk, row.absent) for row in mixed]))

    def false(name: str) -> Statistic:
        return lambda rows: false_features(
            joined(rows, name).astype(float), sum(row.area for row in rows)
        )

    ours, theirs = auroc_of("risk"), auroc_of("rival")
    return {
        "risk_ece": error_of("risk"),
        "risk_auroc": ours,
        "risk_auroc_ceiling": ceiling,
        "risk_auroc_baseline": theirs,
        "risk_auroc_to_ceiling": lambda rows: ours(rows) / ceiling(rows),
        "risk_auroc_gain": lambda rows: ours(rows) - theirs(rows),
        "risk_auroc_within": within,
        "absent_share": lambda rows: float(joined(rows, "absent").mean()),
        "false_expected": false("risk"),
        "false_found": false("absent"),
        "card.risk_ece": error_of("shipped"),
    }


def _green(limits: dict[str, float]) -> dict[str, Statistic]:
    def share(limit: float) -> Statistic:
        def of(rows: Rows) -> float:
            accepted = [row.absent[row.risk <= limit] for row in rows]
            green = np.concatenate(accepted)
            return float(green.mean()) if len(green) else 0.0

        return of

    def yielded(limit: float) -> Statistic:
        return lambda rows: float(np.concatenate([row.risk <= limit for row in rows]).mean())

    return {f"{key}.false_share": share(limit) for key, limit in limits.items()} | {
        f"{key}.yield": yielded(limit) for key, limit in limits.items()
    }


def shuffled(calibrating: Found, tested: Found) -> Figures:
    """Fitted and judged again where truths say nothing: no ranking may be left.

    What the truths say of all features is dealt out among them anew, over all specimens. Harder,
    and reported: the truth is turned by a quarter, where a feature meets another of its kind by
    chance; a risk that learns which kinds are common then still ranks a little.
    """
    rng = np.random.default_rng(TEST)
    values, events = (together(calibrating, column) for column in (known, absent))
    asked, answers = (together(tested, column) for column in (known, absent))
    scores, spreads = [], []
    for _ in range(SHUFFLES):
        dealt = fit_feature_risk(values, rng.permutation(events), specimen_of(calibrating))
        risks = dealt.probability(asked)
        scores.append(auroc(risks, rng.permutation(answers)))
        spreads.append(risks.std())
    turned = fitted(calibrating, known, misplaced).probability(asked)
    half = 1.96 * float(np.std(scores, ddof=1)) / SHUFFLES**0.5
    mean = float(np.mean(scores))
    return {
        "shuffle.auroc": mean,
        "shuffle.auroc.ci95_low": mean - half,
        "shuffle.auroc.ci95_high": mean + half,
        "shuffle.risk_spread": float(np.mean(spreads)),
        "shuffle.misplaced.auroc": auroc(turned, together(tested, misplaced)),
    }
