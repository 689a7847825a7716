"""What every simulated specimen gives to the figures: of its pixels, patches and features."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch

from tests.benchmarks.validate.features import Judged, gradient, judged
from tests.benchmarks.validate.scenes import FACTOR, Name, specimen
from workers.assessment.scores import fair_crps, gaussian_crps, rank_histogram
from workers.assessment.sparsification import ause
from workers.assessment.spread import strata
from workers.assessment.tarp import tarp, tarp_control
from workers.posteriors.cells import interpolate
from workers.posteriors.ensemble import Ensemble
from workers.posteriors.posterior import CellPosterior
from workers.training.calibrate import Specimen
from workers.training.registry import load_ensemble, load_flow

SAMPLES = 16
EVERY = 5  # of the pixels whose errors are kept: neighbours say the same
EDGE = 0.9  # pixels above this quantile of the truth's slope lie at an edge
FLAT = 0.5  # and those below this one in a flat part
FEW = 3.0  # counts in a measured pixel


@dataclass(frozen=True)
class Row:
    """Of one specimen.

    z : |error| over the predicted standard deviation of some pixels; steepness : the stratum of the
    estimate they lie in; edge, flat, few : which of them the truth puts there; features : see
    `Judged`. Of specimens that figures are made from also `scores`, by name, means over pixels or
    patches, relative to each element's range, and `ranks`.
    """

    z: np.ndarray
    steepness: np.ndarray
    edge: np.ndarray
    flat: np.ndarray
    few: np.ndarray
    features: Judged | None = None
    scores: Mapping[str, float] = field(default_factory=dict)
    ranks: np.ndarray | None = None


def error_row(name: Name) -> Row:
    """What intervals are calibrated on."""
    found = specimen(name)
    return _errors(found, found.posterior(load_ensemble(FACTOR)))


def feature_row(name: Name) -> Row:
    """What intervals and the feature risk are calibrated on."""
    found = specimen(name)
    posterior = found.posterior(load_ensemble(FACTOR))
    features = judged(posterior, _samples(posterior, name), torch.from_numpy(found.truth))
    return replace(_errors(found, posterior), features=features)


def scored_row(name: Name) -> Row:
    """What figures are made from."""
    found = specimen(name)
    posterior = found.posterior(load_ensemble(FACTOR))
    samples = _samples(posterior, name)
    return replace(
        _errors(found, posterior),
        features=judged(posterior, samples, torch.from_numpy(found.truth)),
        scores=scores(name, found, posterior, samples),
        ranks=rank_histogram(samples.numpy(), found.truth, name.rng),
    )


def _errors(found: Specimen, posterior: CellPosterior[Any]) -> Row:
    truth = found.truth.astype(float)
    z = np.abs(posterior.estimate.numpy() - truth) / posterior.std.numpy()
    slope = np.hypot(*np.gradient(truth, axis=(1, 2)))
    gentle, steep = np.quantile(slope, [FLAT, EDGE], axis=(1, 2))[..., None, None]
    counts = np.broadcast_to(truth.mean(axis=(1, 2), keepdims=True), truth.shape)
    steepness = strata(posterior.estimate, posterior.std).numpy()
    columns = (z, steepness, slope > steep, slope <= gentle, counts < FEW)
    return Row(*(values.reshape(-1)[::EVERY] for values in columns))


def _samples(posterior: CellPosterior[Any], name: Name) -> torch.Tensor:
    return torch.stack(list(posterior.sample(SAMPLES, _generator(name))))


def _generator(name: Name) -> torch.Generator:
    return torch.Generator().manual_seed(1000 * name.seed + name.number)


def scores(
    name: Name, found: Specimen, posterior: CellPosterior[Any], samples: torch.Tensor
) -> dict[str, float]:
    """Figures of one specimen beside those of its rivals."""
    truth, y = torch.from_numpy(found.truth), posterior.y
    peak = np.maximum(np.quantile(found.truth, 0.999, axis=(1, 2)), 1e-6)[:, None, None]
    relative = (np.abs(posterior.estimate.numpy() - found.truth) / peak).ravel()
    ensemble = load_ensemble(FACTOR)
    single = Ensemble(ensemble.members[:1], ensemble.residuals)
    drawn = {
        "ours": samples,
        "single": _samples(found.posterior(single), name),
        "flow": _samples(found.posterior(load_flow(FACTOR)), name),
    }
    bicubic = interpolate(y[:, None], "binned", FACTOR)[:, 0].clamp(min=0).numpy() / peak
    true = found.truth / peak
    # A rival that knows its own error: one standard deviation for each element, from the truth.
    constant = np.sqrt(((bicubic - true) ** 2).mean(axis=(1, 2), keepdims=True))
    chi2 = posterior.noise.chi2(found.forward.expected(samples), y)
    made = {
        "ause": ause(relative, (posterior.std.numpy() / peak).ravel()),
        "ause_gradient": ause(relative, (gradient(posterior) / peak).ravel()),
        "crps_bicubic": gaussian_crps(bicubic, constant, true),
        "chi2": float(chi2.mean()),
    }
    reference = found.forward.pseudo_inverse(y)
    for label, some in drawn.items():
        each = zip((some.numpy() / peak).swapaxes(0, 1), true, strict=True)
        made[f"crps_{label}"] = float(np.mean([fair_crps(s.astype(float), t) for s, t in each]))
        made[f"tarp_{label}"] = float(tarp(some, truth, reference, _generator(name)).mean())
        # Which member drew a sample follows from its number, so any of them plays the truth.
        turned = some.roll(int(name.rng.integers(SAMPLES)), dims=0)
        control = tarp_control(turned, reference, _generator(name))
        made[f"tarp_control_{label}"] = float(control.mean())
    return made
