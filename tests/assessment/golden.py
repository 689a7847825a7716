"""The whole assessment run on an exactly solvable posterior."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from scipy import stats
from torch import Tensor

from tests.assessment.gaussian import FACTOR, SAMPLES, SIGMA, SIZE, ExactPosterior, Prior, measure
from workers.assessment.absence import fit_absence
from workers.assessment.calibration import conformal_scale
from workers.assessment.features import find_features, present
from workers.assessment.scores import (
    auroc,
    coverage,
    extreme_rank_mass,
    fair_crps,
    gaussian_crps,
    level_error,
    probability_error,
)
from workers.assessment.tarp import tarp, tarp_control
from workers.physics import GaussianNoise

ROWS, COLUMNS = 6, 10
FIELDS = ROWS * COLUMNS
CALIBRATING = 45  # fields whose errors set the width of the intervals of the others
LEAST = torch.tensor([0.01])

TOO_SMOOTH, TOO_ROUGH, TOO_NARROW = Prior(4.5), Prior(2.0), 0.6
# Alarms: what an exact posterior keeps clear of at sixty fields, whatever the seed.
TARP_BAND = 0.05
ABSENCE_ERROR = 0.04


def mosaic(fields: Tensor) -> Tensor:
    """The fields `(n, s, s)` side by side as one channel: one pass then finds all features."""
    size = fields.shape[-1]
    rows = fields.reshape(ROWS, COLUMNS, size, size).transpose(1, 2)
    return rows.reshape(1, ROWS * size, COLUMNS * size)


@dataclass(frozen=True)
class Golden:
    """What the assessment says of one posterior; the names are those of its functions.

    coverage : of 90 % intervals, calibrated on some fields, in the others; crps_by_formula : what
    the score of a Gaussian of this mean and spread comes to.
    """

    chi2_of_samples: float
    chi2_of_mean: float
    raw_error: float
    shrunk_error: float
    auroc: float
    ceiling: float
    absent: float
    tarp: float
    tarp_control: float
    extreme_ranks: float
    crps: float
    crps_by_formula: float
    level_error: float
    coverage: float
    features: int

    @property
    def tarp_alarm(self) -> bool:
        return abs(self.tarp - 0.5) > TARP_BAND

    @property
    def absence_alarm(self) -> bool:
        return self.shrunk_error > ABSENCE_ERROR


@lru_cache(maxsize=16)
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
    mean, std = posterior.mean(y).numpy(), spread_of(samples, posterior.mean(y))
    z = np.abs(truth.numpy() - mean) / std
    scale = conformal_scale([field.ravel() for field in z[:CALIBRATING]], 0.1)
    reference, rng = posterior.model.pseudo_inverse(y), np.random.default_rng(seed)
    reach = scale * std[CALIBRATING:]
    return Golden(
        chi2_of_samples=float(posterior.model.chi2(samples, y, noise).mean()),
        chi2_of_mean=float(posterior.model.chi2(posterior.mean(y), y, noise).mean()),
        raw_error=probability_error(absent / count, event),
        shrunk_error=probability_error(shrunk, event),
        auroc=auroc(shrunk, event),
        ceiling=auroc(absences[1:].mean(axis=0), absences[0]),
        absent=float(event.mean()),
        tarp=float(tarp(samples, truth, reference, generator).mean()),
        tarp_control=float(tarp_control(samples, reference, generator).mean()),
        extreme_ranks=extreme_rank_mass(samples.numpy(), truth.numpy(), rng),
        crps=fair_crps(samples.numpy(), truth.numpy()),
        crps_by_formula=gaussian_crps(mean, std, truth.numpy()),
        level_error=level_error(1 - 2 * stats.norm.sf(z).ravel()),
        coverage=coverage(
            mean[CALIBRATING:] - reach, mean[CALIBRATING:] + reach, truth.numpy()[CALIBRATING:]
        ),
        features=len(features),
    )


def spread_of(samples: Tensor, mean: Tensor) -> np.ndarray:
    """Standard deviation of a pixel by its place in a cell, which is all it depends on."""
    squared = (samples - mean).square().mean(dim=(0, 1))
    cells = squared.reshape(SIZE // FACTOR, FACTOR, SIZE // FACTOR, FACTOR).mean(dim=(0, 2))
    field = cells.sqrt().repeat(SIZE // FACTOR, SIZE // FACTOR)
    return field.expand(samples.shape[1:]).numpy()
