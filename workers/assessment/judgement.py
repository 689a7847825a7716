"""What is known of every feature without any truth: visibility, share, absence among samples."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from workers.assessment.absence import fit_absence
from workers.assessment.census import Counted
from workers.assessment.evidence import evidence_map
from workers.assessment.risk import covariates
from workers.assessment.visibility import visibility
from workers.physics import PoissonNoise
from workers.physics.spectrum import Fit, GridModel
from workers.stationary import FWHM

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Scene:
    """What the features of one run are judged against; channels `c` as in the features.

    std (c, H, W), counts; smooth_mean (c, h, w): counts the smooth image predicts to be measured.
    """

    model: GridModel
    noise: PoissonNoise
    fits: Sequence[Fit | None]
    mask: Tensor
    std: Tensor
    smooth_mean: Tensor


@dataclass(frozen=True)
class Judgement:
    """One entry per feature: `absence` among samples (shrunken), `visibility` d, `share` of the
    data, `contrast` = amplitude over the posterior's standard deviation there."""

    absence: Array
    visibility: Array
    share: Array
    contrast: Array

    def covariates(self) -> Array:
        """What a feature risk is calibrated on, `(n, 4)`."""
        return covariates(self.absence, self.visibility, self.share, self.contrast)


def judge(counted: Counted, scene: Scene) -> Judgement:
    """Judge the features that samples were asked about."""
    features = counted.features
    place = (features.channel, features.y, features.x)
    share = np.zeros(len(features))
    factors = scene.noise.variance_factor
    for scale in np.unique(features.scale):
        at = features.scale == scale
        size = float(FWHM * scale)
        shares = evidence_map(
            scene.smooth_mean, scene.model, factors, scene.fits, scene.mask, size
        ).numpy()
        share[at] = shares[features.channel[at], features.y[at], features.x[at]]
    spread = scene.std.clamp_min(torch.finfo(scene.std.dtype).tiny).numpy()[place]
    return Judgement(
        fit_absence(counted.absent, counted.samples).probability(counted.absent, counted.samples),
        visibility(features, scene.model, scene.noise.sigma(scene.smooth_mean)),
        share,
        np.abs(features.amplitude) / spread,
    )
