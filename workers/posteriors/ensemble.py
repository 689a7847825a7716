"""The deep ensemble: posterior samples of a finer map from five networks.

Each member gives a mean and a spread for every coefficient of every cell (`networks.cellnet`),
looking at the map from a side of its own (`posteriors.sides`). The members' mean is what is shown
as the estimate. A sample is one member's mean plus a residual with the spatial covariance measured
on scenes no member saw (`posteriors.residual`), so samples carry both what the members disagree on
(epistemic) and what the measurement leaves open (aleatoric).
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from workers.networks.cellnet import HALO, CellNet
from workers.physics import LinearForwardModel
from workers.posteriors.cells import cell_basis, predict, prepare
from workers.posteriors.posterior import CellPosterior, Model, Prediction, Progress, silent
from workers.posteriors.residual import draw
from workers.posteriors.sides import side_of
from workers.posteriors.tiles import TILE, tiles


@dataclass(frozen=True)
class Ensemble(Model):
    """Members for one size of cell, and the residual kernel of each operator."""

    members: tuple[CellNet, ...]
    residuals: dict[str, Tensor]

    @torch.inference_mode()
    def predict(
        self,
        y: Tensor,
        forward: LinearForwardModel,
        variance_factor: Tensor,
        progress: Progress = silent,
        tile: int = TILE,
    ) -> Prediction:
        """Run every member over `y` (e, h, w), counts, tile by tile, each from its own side.

        The result does not depend on `tile`. `progress` hears the share done after every tile and
        member and may raise to stop.
        """
        basis = cell_basis(forward)
        step = basis.block // forward.factor  # measured pixels along a cell: 2 if fine
        e, h, w = (y.shape[0], y.shape[1] // step, y.shape[2] // step)
        mean = torch.empty(len(self.members), e, basis.block**2, h, w)
        sigma = torch.empty_like(mean)
        cut = list(tiles(h, w, tile, HALO))
        for n, piece in enumerate(cut):
            part = y[None, :, *(slice(s.start * step, s.stop * step) for s in piece.outer)]
            for m, member in enumerate(self.members):
                side = side_of(forward.name, m)
                cells = prepare(side.look(part), forward, variance_factor[None, :, None, None])
                one_mean, one_sigma = predict(member, cells)
                exchange = side.exchange(basis)
                upright = side.back_from_cells(one_mean[0], exchange)
                spread = side.back_from_cells(one_sigma[0], exchange.abs())
                mean[m, ..., *piece.place] = upright[..., *piece.inner]
                sigma[m, ..., *piece.place] = spread[..., *piece.inner]
                progress((n + (m + 1) / len(self.members)) / len(cut))
        return Prediction(mean, sigma)

    @property
    def kind(self) -> type["EnsemblePosterior"]:
        return EnsemblePosterior


class EnsemblePosterior(CellPosterior[Ensemble]):
    """What `Ensemble.posterior` gives."""

    def _ask(self, y: Tensor, variance_factor: Tensor, progress: Progress) -> Prediction:
        return self.model.predict(y, self.forward, variance_factor, progress)

    def _residual(self, k: int, generator: torch.Generator) -> Tensor:
        kernel = self.model.residuals[self.forward.name]
        h, w = self.prediction.mean.shape[-2:]
        return torch.stack([draw(kernel, h, w, generator) for _ in self.y])
