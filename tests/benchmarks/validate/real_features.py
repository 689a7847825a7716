"""The feature risk on real maps: is a feature of the estimate there in counts nobody showed?

One half of the counts, binned by four, is measured; the other half is asked. It is noisy itself, so
only a feature of which half the amplitude stands three standard deviations above the noise of the
asked counts can be called absent; the share of those is reported. *No guarantee*, as for intervals.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from tests.benchmarks.specimens import SPECIMENS, specimen
from tests.benchmarks.validate import real
from tests.benchmarks.validate.features import Judged, judged
from tests.benchmarks.validate.part import Bar, Figures, Part, bootstrap
from tests.benchmarks.validate.risks import absent, fitted, known, simple, together
from workers.assessment.blobs import SCALES, blob_response
from workers.assessment.counting import split_counts
from workers.assessment.features import HALF, Features
from workers.assessment.risk import FeatureRisk
from workers.assessment.scores import auroc, probability_error
from workers.physics import PoissonNoise, forward_model
from workers.posteriors.posterior import CellPosterior
from workers.training.cards import card
from workers.training.registry import load_ensemble

SEED = 52
FACTOR, SAMPLES = real.FACTOR, 16
SIDE = 256  # fine pixels of the middle of each map: sixteen samples of all of it take minutes
SIGMAS = 3.0
BARS = {
    "real.features.verifiable_share": Bar(
        "real maps: features that the other half of the counts can confirm"
    ),
    "real.features.absent_share": Bar("those that it does not show"),
    "real.risk_ece": Bar("their risk on the shipped card, *no guarantee*: calibration error"),
    "real.risk_auroc": Bar("the same: absent told from present"),
    "real.risk_auroc_baseline": Bar("amplitude and slope, fitted on the other specimens"),
}


@dataclass(frozen=True)
class Row:
    """Of one specimen: each of its maps, and which of its features can be confirmed."""

    maps: tuple[Judged, ...]
    verifiable: tuple[np.ndarray, ...]


def _work(name: str) -> Row:
    rng = np.random.default_rng([SEED, list(SPECIMENS).index(name)])
    found = [_judge(one, rng) for one in SPECIMENS[name]]
    return Row(tuple(j for j, _ in found), tuple(v for _, v in found))


def _judge(name: str, rng: np.random.Generator) -> tuple[Judged, np.ndarray]:
    counts = specimen(name).counts
    top, left = ((side - SIDE) // 2 for side in counts.shape[1:])
    first, second = split_counts(counts[:, top : top + SIDE, left : left + SIDE], rng)
    forward, pixels = forward_model("binned", FACTOR), FACTOR**2
    y = forward.expected(torch.from_numpy(first.astype(np.float64))).float().numpy() * pixels
    posterior = load_ensemble(FACTOR).posterior(
        y, np.ones(y.shape[1:], bool), forward, PoissonNoise(torch.ones(len(y)))
    )
    samples = list(posterior.sample(SAMPLES, torch.Generator().manual_seed(SEED)))
    truth = torch.from_numpy(second * pixels).float()
    answer = judged(posterior, torch.stack(samples), truth)
    return answer, verifiable(answer.features, posterior)


def verifiable(features: Features, posterior: CellPosterior) -> np.ndarray:
    """Whether half of each amplitude stands out of the noise of counts spread over fine pixels."""
    pixels = FACTOR**2
    place = (features.channel, features.y, features.x)
    # A fine pixel counts a sixteenth of what its estimate is in; so does its variance.
    level = posterior.estimate.numpy()[place].clip(min=0) / pixels
    noise = np.sqrt(level) * np.array([_norm(s) for s in SCALES])[_index(features)]
    return np.asarray(HALF * np.abs(features.amplitude) / pixels > SIGMAS * noise)


def _index(features: Features) -> np.ndarray:
    return np.searchsorted(SCALES, features.scale)


def _norm(scale: float) -> float:
    """Standard deviation of a blob response where pixels have independent noise of 1."""
    point = torch.zeros(64, 64, dtype=torch.float64)
    point[32, 32] = 1
    return float(blob_response(point, scale).square().sum().sqrt())


def confirmed(row: Row) -> list[Judged]:
    """The maps of a specimen with only those features that can be confirmed."""
    return [_only(j, keep) for j, keep in zip(row.maps, row.verifiable, strict=True)]


def _only(found: Judged, keep: np.ndarray) -> Judged:
    known_of = {
        name: getattr(found.judged, name)[keep]
        for name in ("absence", "visibility", "share", "contrast")
    }
    return replace(
        found,
        features=found.features.where(keep),
        strength=found.strength[:, keep],
        true=found.true[keep],
        misplaced=found.misplaced[keep],
        simple=found.simple[keep],
        judged=replace(found.judged, **known_of),
    )


def _figures(rows: Sequence[Row]) -> Figures:
    shipped = FeatureRisk.from_card(card()["feature_risk"][str(FACTOR)])
    maps = [confirmed(row) for row in rows]
    rivals = [
        fitted([m for other in maps if other is not own for m in other], simple, absent)
        for own in maps
    ]
    # By specimen: can be confirmed, is absent, our risk, the rival's.
    tested = [
        (
            np.concatenate(row.verifiable),
            together(own, absent),
            shipped.probability(together(own, known)),
            rival.probability(together(own, simple)),
        )
        for row, own, rival in zip(rows, maps, rivals, strict=True)
    ]

    def joined(some: Sequence[tuple[np.ndarray, ...]], k: int) -> np.ndarray:
        return np.concatenate([one[k] for one in some])

    statistics = {
        "features.verifiable_share": lambda some: float(joined(some, 0).mean()),
        "features.absent_share": lambda some: float(joined(some, 1).mean()),
        "risk_ece": lambda some: probability_error(joined(some, 2), joined(some, 1)),
        "risk_auroc": lambda some: auroc(joined(some, 2), joined(some, 1)),
        "risk_auroc_baseline": lambda some: auroc(joined(some, 3), joined(some, 1)),
    }
    figures: Figures = {"real.features": float(len(joined(tested, 1)))}
    for key, statistic in statistics.items():
        figures |= bootstrap(f"real.{key}", tested, statistic, repeats=300)
    return figures


PART = Part("real-features", BARS, real.units, _work, _figures, seeds=(SEED,))
