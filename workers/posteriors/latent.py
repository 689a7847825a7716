"""The literal latent diffusion model: a flow in an autoencoder's latent, projected after decoding.

Kept as a rival of the null-space flow and not as a better way: a latent of four channels for
sixteen pixels cannot hold what a regression already knows, so a sample loses detail that the counts
do fix, and agreement with them has to be restored afterwards. The estimate and its spread are the
regression's.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from workers.networks.autoencoder import LATENTS, Autoencoder
from workers.networks.cellnet import local_scale
from workers.networks.flownet import FlowNet, integrate
from workers.physics import LinearForwardModel, PoissonNoise
from workers.posteriors.flow import FlowModel, white_noise
from workers.posteriors.posterior import CellPosterior, Progress, silent

LARGEST = 5.0


@dataclass(frozen=True)
class LatentModel:
    """A regression, the flow of its latents, and the autoencoder they live in.

    `spread` is the standard deviation of each latent channel over training scenes, `(LATENTS,)`.
    """

    flow: FlowModel
    autoencoder: Autoencoder
    spread: Tensor

    def posterior(
        self,
        values: np.ndarray,
        mask: np.ndarray,
        forward: LinearForwardModel,
        noise: PoissonNoise,
        *,
        strict: bool = False,
        progress: Progress = silent,
    ) -> "LatentPosterior":
        """The posterior of one measurement; parameters as of `CellPosterior`."""
        return LatentPosterior(self, values, mask, forward, noise, strict, progress)


class LatentPosterior(CellPosterior):
    """What `LatentModel.posterior` gives."""

    def __init__(
        self,
        model: LatentModel,
        values: np.ndarray,
        mask: np.ndarray,
        forward: LinearForwardModel,
        noise: PoissonNoise,
        strict: bool,
        progress: Progress,
    ) -> None:
        super().__init__(values, mask, forward, noise, strict=strict)
        self.model = model
        found = model.flow.predict(self.filled, forward, self.factors, progress)
        self.prediction, self.given = found
        self.scale = fine_scale(self.filled, forward.factor)

    @torch.inference_mode()
    def sample(self, count: int, generator: torch.Generator) -> Iterator[Tensor]:
        """`count` posterior samples `(e, H, W)`, counts."""
        height, width = self.shape
        for k in range(count):
            latent = self._latent(k, generator) * self.model.spread[:, None, None]
            decoded = self.model.autoencoder.decode(latent)[:, 0] * self.scale
            yield self._settle(decoded[:, :height, :width], generator)

    def _residual(self, k: int, generator: torch.Generator) -> Tensor:
        """Independent coefficients: samples do not use them, the regression's spread does."""
        e, n, h, w = self.prediction.mean.shape[1:]
        return white_noise(generator.initial_seed(), k, (e, n, h, w))

    def _latent(self, k: int, generator: torch.Generator) -> Tensor:
        """Whitened latents of sample `k`, `(e, LATENTS, h, w)`."""
        e, _, h, w = self.given.shape
        start = white_noise(generator.initial_seed(), k, (e, LATENTS, h, w))
        steps = self.model.flow.steps
        drawn = integrate(self.model.flow.flow, start[None], self.given[None], steps)[0]
        return drawn.clamp(-LARGEST, LARGEST)


def fine_scale(y: Tensor, factor: int) -> Tensor:
    """The local scale of a coarse map on the fine grid, `(e, h, w) -> (e, H, W)`."""
    scale = local_scale(y[:, None])
    return F.interpolate(scale, scale_factor=factor, mode="nearest")[:, 0]


def latent_flow() -> FlowNet:
    """An untrained flow of latents, conditioned as the null-space flow is."""
    return FlowNet(4, channels=LATENTS)
