"""Plants: what the measurement cannot see, what was erased, and what is seen more and more plainly.

Each specimen is measured again after its truth was changed; then the risk there is looked at.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from tests.benchmarks.validate.features import counted
from tests.benchmarks.validate.features import scene_of as judged_against
from tests.benchmarks.validate.part import Bar, Figures, Part, bootstrap, mean_of
from tests.benchmarks.validate.scenes import FACTOR, Name, measured, scene_of
from workers.assessment.blobs import blob_response
from workers.assessment.features import Features, find_features, present
from workers.assessment.judgement import judge
from workers.assessment.risk import FeatureRisk, visible_error
from workers.assessment.scores import auroc
from workers.assessment.visibility import visibility
from workers.physics import forward_model
from workers.posteriors.posterior import CellPosterior
from workers.training.calibrate import Specimen
from workers.training.cards import card
from workers.training.registry import load_ensemble

SEED = 33
SPECIMENS = 12
SAMPLES = 16
VISIBILITIES = (3.0, 5.0, 9.0, 14.0)
BLOB = 2.0  # scale of the planted blobs, fine pixels: as wide as one measured pixel and a half
APART = 24  # fine pixels between blobs, so that none is taken for another
PLAIN = 9.0  # visibility from which on a feature is plainly measured

BARS = {
    "plant.nullspace.auroc": Bar(
        "patterns of zero block sum: planted told from unplanted by risk", 0.5, 0.5
    ),
    "plant.nullspace.identical": Bar(
        "the same: specimens whose estimate, samples and risks are equal bit for bit", 1, 1
    ),
    "plant.erased.rise_share": Bar(
        "measured features erased from the truth: share whose risk rises", low=0.95
    ),
    "planted.d3.auroc": Bar("blobs of visibility 3: present told from absent by persistence"),
    "planted.d5.auroc": Bar("blobs of visibility 5"),
    "planted.d9.auroc": Bar("blobs of visibility 9", low=0.8),
    "planted.d14.auroc": Bar("blobs of visibility 14", low=0.8),
}


@dataclass(frozen=True)
class Answer:
    """What a run says of one measurement: everything that could give a plant away."""

    posterior: CellPosterior
    samples: Tensor

    @property
    def features(self) -> Features:
        estimate = self.posterior.estimate
        least = visible_error(estimate, torch.ones(estimate.shape[-2:], dtype=torch.bool))
        return find_features(estimate, torch.maximum(least, self.posterior.std.mean(dim=(1, 2))))

    def has(self, features: Features) -> np.ndarray:
        """Which sample has which of `features`, `(k, n)`."""
        return np.stack([present(features, sample) for sample in self.samples])

    def risk(self, features: Features) -> np.ndarray:
        """The calibrated risk that these features, wherever they come from, are not there."""
        calibrated = FeatureRisk.from_card(card()["feature_risk"][str(FACTOR)])
        covariates = judge(
            counted(features, self.has(features)), judged_against(self.posterior)
        ).covariates()
        return calibrated.probability(covariates)


def answer(found: Specimen) -> Answer:
    posterior = found.posterior(load_ensemble(FACTOR))
    samples = posterior.sample(SAMPLES, torch.Generator().manual_seed(SEED))
    return Answer(posterior, torch.stack(list(samples)))


@dataclass(frozen=True)
class Row:
    """Of one specimen: risks without and with the null-space plant, risks before and after erasing,
    and for every blob its visibility, whether it was planted, and its share of samples."""

    plain: np.ndarray
    planted: np.ndarray
    identical: bool
    before: np.ndarray
    after: np.ndarray
    visibility: np.ndarray
    there: np.ndarray
    persistence: np.ndarray


def _units() -> Sequence[Name]:
    return [Name(SEED, n) for n in range(SPECIMENS)]


def _work(name: Name) -> Row:
    truth, rng = scene_of(name)
    # Dose enough that a plant of whole counts is a large change, and that grains are measured.
    truth = truth * np.float32(100 / truth.mean())
    return Row(*in_null_space(truth, rng), *erased(truth, rng), *blobs(truth, rng))


def in_null_space(truth: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    """Risks without and with patterns of whole counts whose block sums are zero."""
    counts = rng.poisson(truth)
    pattern = rearranged(counts, rng)
    plain, planted = (answer(_counted(x)) for x in (counts, counts + pattern))
    risks = [one.risk(one.features) for one in (plain, planted)]
    same = (
        torch.equal(plain.posterior.estimate, planted.posterior.estimate)
        and torch.equal(plain.samples, planted.samples)
        and np.array_equal(*risks)
    )
    return (*risks, np.array(same))


def _counted(counts: np.ndarray) -> Specimen:
    """The measurement that these very counts add up to."""
    x = torch.from_numpy(counts.astype(np.float64))
    forward = forward_model("binned", FACTOR)
    return Specimen(forward.expected(x).numpy().astype(np.float32), x.numpy(), forward)


def rearranged(counts: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Whole numbers that gather the counts of a tenth of the blocks in their centres: zero sums.

    Nothing turns negative: every rim pixel gives what the poorest of its block can.
    """
    e, height, width = counts.shape
    cells = counts.reshape(e, height // FACTOR, FACTOR, width // FACTOR, FACTOR)
    rim = np.ones((FACTOR, FACTOR), bool)
    rim[1:-1, 1:-1] = False
    given = cells.transpose(0, 1, 3, 2, 4)[..., rim].min(axis=-1)
    given = given * (rng.random(given.shape) < 0.1)
    shape = np.where(rim, -1, rim.sum() // (~rim).sum())
    return np.kron(given, shape[None])


def erased(truth: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Risks of plainly measured features, before and after the truth lost them."""
    seed = int(rng.integers(2**32))
    before = answer(measured(truth, np.random.default_rng(seed)))
    features = before.features
    forward, y = before.posterior.forward, before.posterior.y
    plain = visibility(features, forward, y.clamp_min(1).sqrt()) >= PLAIN
    real = plain & present(features, torch.from_numpy(truth)) & (features.scale >= BLOB)
    if not real.any():
        return np.zeros(0), np.zeros(0)
    chosen = features.where(real)
    after = answer(measured(without(truth, chosen), np.random.default_rng(seed)))
    return before.risk(features)[real], after.risk(features)[real]


def without(truth: np.ndarray, features: Features) -> np.ndarray:
    """The truth with every feature's surroundings filled from the ring around them."""
    emptied = truth.copy()
    rows, columns = np.indices(truth.shape[1:])
    for c, y, x, scale, _ in zip(*features.columns().values(), strict=True):
        distance = np.hypot(rows - y, columns - x) / scale
        ring = (distance > 2.5) & (distance <= 3.5)
        weight = np.clip(3.5 - distance, 0, 1)
        emptied[c] += weight * (np.median(emptied[c][ring]) - emptied[c])
    return emptied.astype(np.float32)


def blobs(truth: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    """Blobs at half of the places of a grid: how many samples show them, there and elsewhere."""
    asked, visible = _places(truth, rng)
    there = rng.random(len(asked)) < 0.5
    found = answer(measured(_with_blobs(truth, asked.where(there)), rng))
    return visible, there, found.has(asked).mean(axis=0)


def _places(truth: np.ndarray, rng: np.random.Generator) -> tuple[Features, np.ndarray]:
    """Blobs that could be planted, as high as their visibility asks for, and that visibility."""
    steps = np.arange(APART // 2, truth.shape[1] - APART // 2 + 1, APART)
    channel, y, x = (
        i.ravel() for i in np.meshgrid(np.arange(len(truth)), steps, steps, indexing="ij")
    )
    visible = rng.choice(VISIBILITIES, len(y))
    unit = Features(channel, y, x, np.full(len(y), BLOB), np.ones(len(y)))
    forward = forward_model("binned", FACTOR)
    sigma = forward.expected(torch.from_numpy(truth)).clamp_min(1).sqrt()
    amplitude = visible / visibility(unit, forward, sigma)
    return Features(channel, y, x, unit.scale, amplitude), visible


def _with_blobs(truth: np.ndarray, features: Features) -> np.ndarray:
    rows, columns = np.indices(truth.shape[1:])
    shape = np.exp(-0.5 * ((rows - 64) ** 2 + (columns - 64) ** 2) / (1.6 * BLOB**2))
    of_unit = float(blob_response(torch.from_numpy(shape), BLOB)[64, 64])
    planted = truth.astype(np.float64)
    for c, y, x, _, amplitude in zip(*features.columns().values(), strict=True):
        planted[c] += amplitude / of_unit * np.roll(shape, (y - 64, x - 64), axis=(0, 1))
    return planted.astype(np.float32)


def _figures(rows: Sequence[Row]) -> Figures:
    figures = bootstrap("plant.nullspace.auroc", rows, _told_apart)
    figures["plant.nullspace.identical"] = float(np.mean([row.identical for row in rows]))
    grains = [row for row in rows if len(row.before)]
    for key, values in (
        ("rise_share", [float(np.mean(row.after > row.before)) for row in grains]),
        ("risk_before", [float(row.before.mean()) for row in grains]),
        ("risk_after", [float(row.after.mean()) for row in grains]),
    ):
        figures |= mean_of(f"plant.erased.{key}", values)
    for d in VISIBILITIES:

        def seen(some: Sequence[Row], d: float = d) -> float:
            chosen = [row.visibility == d for row in some]
            there = np.concatenate([r.there[c] for r, c in zip(some, chosen, strict=True)])
            share = np.concatenate([r.persistence[c] for r, c in zip(some, chosen, strict=True)])
            return auroc(share, there)

        figures |= bootstrap(f"planted.d{d:g}.auroc", rows, seen)
    return figures


def _told_apart(rows: Sequence[Row]) -> float:
    risk = np.concatenate([risk for row in rows for risk in (row.plain, row.planted)])
    label = [np.full(len(r), k) for row in rows for k, r in enumerate((row.plain, row.planted))]
    return auroc(risk, np.concatenate(label).astype(bool))


PART = Part("plants", BARS, _units, _work, _figures, seeds=(SEED,))
