"""The features of one simulated specimen, as a run judges them, and what the truth says of each."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from workers.assessment.census import Counted
from workers.assessment.features import HALF, Features, Peaks, find_features
from workers.assessment.judgement import Judgement, Scene, judge
from workers.assessment.risk import visible_error
from workers.assessment.smooth import smooth_image
from workers.physics.spectrum import fit_specimen
from workers.posteriors.cells import interpolate
from workers.posteriors.posterior import CellPosterior


@dataclass(frozen=True)
class Judged:
    """One entry per feature of an estimate (`features`).

    strength (k, n): how strong every sample has it, of its own amplitude; below one half it is
    absent. true (n,): the same of the truth; misplaced (n,): of the truth turned by a quarter, so
    that nothing is where it belongs. judged: what is known without any truth. simple
    (n, 2): log of amplitude and gradient over τ, the rival's covariates. area: fine pixels looked
    at, over all elements.
    """

    features: Features
    strength: np.ndarray
    true: np.ndarray
    misplaced: np.ndarray
    judged: Judgement
    simple: np.ndarray
    area: int


def scene_of(posterior: CellPosterior[Any]) -> Scene:
    """What the features of a posterior are judged against, as a recipe makes it."""
    y, mask, noise, forward = posterior.y, posterior.mask, posterior.noise, posterior.forward
    fits = [fit_specimen(forward, one.double().numpy(), 1.0, mask.numpy()) for one in y]
    smooth = smooth_image(y, forward, noise, fits, mask)
    return Scene(forward, noise, fits, mask, posterior.std, forward.expected(smooth))


def judged(posterior: CellPosterior[Any], samples: Tensor, truth: Tensor) -> Judged:
    """Ask `samples` (k, e, H, W) and the truth (e, H, W) about the features of the estimate."""
    fine = torch.ones(posterior.shape, dtype=torch.bool)
    tau = visible_error(posterior.estimate, fine)
    least = torch.maximum(tau, posterior.std.mean(dim=(1, 2)))
    features = find_features(posterior.estimate, least, fine)
    amplitude = np.abs(features.amplitude)
    strength = np.stack([strength_in(sample, features) for sample in samples]) / amplitude
    place = (features.channel, features.y, features.x)
    of_tau = np.stack([amplitude, gradient(posterior)[place]], axis=1)
    of_tau /= tau.numpy()[features.channel, None]
    return Judged(
        features,
        strength,
        strength_in(truth, features) / amplitude,
        strength_in(truth.rot90(1, (1, 2)), features) / amplitude,
        judge(counted(features, strength >= HALF), scene_of(posterior)),
        np.log(of_tau + 1e-3),
        int(posterior.estimate.numel()),
    )


def counted(features: Features, present: np.ndarray) -> Counted:
    """What a census says of features that the samples have or have not, bool `(k, n)`."""
    bits = np.array([1 << k for k in range(len(present))], dtype=np.uint64)
    absent = (~present).sum(axis=0)
    return Counted(features, absent, len(present), (present * bits[:, None]).sum(axis=0))


def strength_in(image: Tensor, features: Features) -> np.ndarray:
    """Amplitude of what `image` (c, H, W) has in the place of each feature."""
    answer = np.zeros(len(features))
    for c in np.unique(features.channel):
        ours = features.channel == c
        answer[ours] = Peaks(image[int(c)]).strength(features.where(ours))
    return answer


def gradient(posterior: CellPosterior[Any]) -> np.ndarray:
    """Slope of the interpolated measurement, counts per fine pixel, `(e, H, W)`."""
    y = posterior.y[:, None]
    image = interpolate(y, posterior.forward.name, posterior.forward.factor)[:, 0].numpy()
    return np.hypot(*np.gradient(image, axis=(1, 2)))
