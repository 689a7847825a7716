"""The whole assessment run on an exactly solvable posterior."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from tests.assessment.gaussian import SAMPLES, SIGMA, ExactPosterior, measure
from workers.assessment.absence import fit_absence
from workers.assessment.features import find_features, present
from workers.assessment.scores import auroc, extreme_rank_mass, fair_crps, probability_error
from workers.physics import GaussianNoise

ROWS, COLUMNS = 6, 10
FIELDS = ROWS * COLUMNS
LEAST = torch.tensor([0.01])


def mosaic(fields: Tensor) -> Tensor:
    """The fields `(n, s, s)` side by side as one channel: one pass then finds all features."""
    size = fields.shape[-1]
    rows = fields.reshape(ROWS, COLUMNS, size, size).transpose(1, 2)
    return rows.reshape(1, ROWS * size, COLUMNS * size)


@dataclass(frozen=True)
class Golden:
    """What the assessment says of one posterior; the names are those of its functions."""

    chi2_of_samples: float
    chi2_of_mean: float
    raw_error: float
    shrunk_error: float
    auroc: float
    ceiling: float
    extreme_ranks: float
    crps: float
    features: int


@lru_cache(maxsize=8)
def assess(posterior: ExactPosterior, *, seed: int = 0, shuffled: bool = False) -> Golden:
    """Features of sample 0, counted among the others, judged by the truth.

    `ceiling` is the AUROC with sample 1 in the place of the truth: what physics allows.
    """
    generator = torch.Generator().manual_seed(seed)
    truth, y = measure(FIELDS, generator)
    noise = GaussianNoise(torch.tensor(SIGMA))
    samples = posterior.sample(y, SAMPLES, generator)
    if shuffled:
        truth = truth.roll(1, dims=0)

    features = find_features(mosaic(samples[0]), LEAST)
    absences = np.stack([~present(features, mosaic(s)) for s in samples[1:]])
    event = ~present(features, mosaic(truth))
    absent, count = absences.sum(axis=0), SAMPLES - 1
    shrunk = fit_absence(absent, count).probability(absent, count)
    return Golden(
        chi2_of_samples=float(posterior.model.chi2(samples, y, noise).mean()),
        chi2_of_mean=float(posterior.model.chi2(posterior.mean(y), y, noise).mean()),
        raw_error=probability_error(absent / count, event),
        shrunk_error=probability_error(shrunk, event),
        auroc=auroc(shrunk, event),
        ceiling=auroc(absences[1:].mean(axis=0), absences[0]),
        extreme_ranks=extreme_rank_mass(samples.numpy(), truth.numpy()),
        crps=fair_crps(samples.numpy(), truth.numpy()),
        features=len(features),
    )
