"""The literal latent diffusion model: a flow in an autoencoder's latent, projected after decoding.

Kept as a rival of the null-space flow and not as a better way: a latent of four channels for
sixteen pixels cannot hold what a regression already knows, so a sample loses detail that the counts
do fix, and agreement with them has to be restored afterwards. The estimate and its spread are the
regression's.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor
from torch.nn import functional as F

from workers.device import asked
from workers.networks.autoencoder import LATENTS, Autoencoder
from workers.networks.cellnet import local_scale
from workers.networks.flownet import FlowNet, integrate
from workers.posteriors.flow import FlowModel, white_noise
from workers.posteriors.posterior import CellPosterior, Model, Prediction, Progress

LARGEST = 5.0


@dataclass(frozen=True)
class LatentModel(Model):
    """A regression, the flow of its latents, and the autoencoder they live in.

    `spread` is the standard deviation of each latent channel over training scenes, `(LATENTS,)`.
    """

    flow: FlowModel
    autoencoder: Autoencoder
    spread: Tensor

    @property
    def kind(self) -> type["LatentPosterior"]:
        return LatentPosterior


class LatentPosterior(CellPosterior[LatentModel]):
    """What `LatentModel.posterior` gives."""

    def _ask(self, y: Tensor, variance_factor: Tensor, progress: Progress) -> Prediction:
        asked = self.model.flow.predict(y, self.forward, variance_factor, progress)
        prediction, self.given = asked
        self.scale = fine_scale(y, self.forward.factor)
        return prediction

    @torch.inference_mode()
    def sample(self, count: int, generator: torch.Generator) -> Iterator[Tensor]:
        """`count` posterior samples `(e, H, W)`, counts."""
        height, width = self.shape
        net = self.model.autoencoder
        for k in range(count):
            latent = self._latent(k, generator) * self.model.spread[:, None, None]
            decoded = asked(net, net.decode, latent)[:, 0] * self.scale
            yield self._settle(decoded[:, :height, :width], generator)

    def _residual(self, k: int, generator: torch.Generator) -> Tensor:
        """Independent coefficients: samples do not use them, the regression's spread does."""
        e, n, h, w = self.prediction.mean.shape[1:]
        return white_noise(generator.initial_seed(), k, (e, n, h, w))

    def _latent(self, k: int, generator: torch.Generator) -> Tensor:
        """Whitened latents of sample `k`, `(e, LATENTS, h, w)`."""
        e, _, h, w = self.given.shape
        start = white_noise(generator.initial_seed(), k, (e, LATENTS, h, w))
        net = self.model.flow.flow
        along = partial(integrate, net, steps=self.model.flow.steps)
        drawn = asked(net, along, start[None], self.given[None])[0]
        return drawn.clamp(-LARGEST, LARGEST)


def fine_scale(y: Tensor, factor: int) -> Tensor:
    """The local scale of a coarse map on the fine grid, `(e, h, w) -> (e, H, W)`."""
    scale = local_scale(y[:, None])
    return F.interpolate(scale, scale_factor=factor, mode="nearest")[:, 0]


def latent_flow() -> FlowNet:
    """An untrained flow of latents, conditioned as the null-space flow is."""
    return FlowNet(4, channels=LATENTS)
