"""The deep ensemble: posterior samples of a finer map from five networks.

Each member gives a mean and a spread for every coefficient of every cell (`networks.cellnet`),
looking at the map from a side of its own (`posteriors.sides`). The members' mean is what is shown
as the estimate. A sample is one member's mean plus a residual with the spatial covariance measured
on scenes no member saw (`posteriors.residual`), so samples carry both what the members disagree on
(epistemic) and what the measurement leaves open (aleatoric).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from workers.networks.cellnet import HALO, CellNet
from workers.physics import LinearForwardModel
from workers.posteriors.cells import cell_basis, cells_of, measured, predict, prepare
from workers.posteriors.posterior import CellPosterior, Prediction, Progress, TiledModel, silent
from workers.posteriors.residual import draw
from workers.posteriors.shelf import NOTHING_KEPT, Parts, Shelf
from workers.posteriors.sides import side_of
from workers.posteriors.tiles import TILE, Tile, tiles


@dataclass(frozen=True)
class Ensemble(TiledModel):
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
        shelf: Shelf = NOTHING_KEPT,
    ) -> Prediction:
        """Run every member over `y` (e, h, w), counts, tile by tile, each from its own side.

        The result does not depend on `tile`. `progress` hears the share done after every tile and
        member and may raise to stop.
        """
        block, (h, w) = cell_basis(forward).block, cells_of(y, forward)
        mean = torch.empty(len(self.members), len(y), block**2, h, w)
        sigma = torch.empty_like(mean)
        cut = list(tiles(h, w, tile, HALO))

        def said(n: int) -> Progress:
            return lambda share: progress((n + share) / len(cut))

        for n, piece in enumerate(cut):
            make = partial(self._predict, piece, y, forward, variance_factor, said(n))
            found = shelf.tile(f"predicted-{tile}-{n}", make)
            mean[..., *piece.place], sigma[..., *piece.place] = found["mean"], found["sigma"]
            said(n)(1.0)
        return Prediction(mean, sigma)

    @torch.inference_mode()
    def work_tile(
        self,
        n: int,
        y: Tensor,
        forward: LinearForwardModel,
        variance_factor: Tensor,
        draws: Sequence[tuple[int, int]],
        shelf: Shelf,
        progress: Progress = silent,
    ) -> None:
        """What the members say of tile `n`; what is drawn of an ensemble needs the whole map."""
        piece = list(tiles(*cells_of(y, forward), TILE, HALO))[n]
        make = partial(self._predict, piece, y, forward, variance_factor, progress)
        shelf.tile(f"predicted-{TILE}-{n}", make)

    def _predict(
        self,
        piece: Tile,
        y: Tensor,
        forward: LinearForwardModel,
        variance_factor: Tensor,
        progress: Progress,
    ) -> Parts:
        """`mean` and `sigma` of one tile of `y`, `(members, e, cell², ·, ·)` each."""
        basis, part = cell_basis(forward), measured(y, piece.outer, forward)
        means, sigmas = [], []
        for m, member in enumerate(self.members):
            side = side_of(forward.name, m)
            cells = prepare(side.look(part), forward, variance_factor[None, :, None, None])
            one_mean, one_sigma = predict(member, cells)
            exchange = side.exchange(basis)
            upright = side.back_from_cells(one_mean[0], exchange)
            spread = side.back_from_cells(one_sigma[0], exchange.abs())
            means.append(upright[..., *piece.inner])
            sigmas.append(spread[..., *piece.inner])
            progress((m + 1) / len(self.members))
        return {"mean": torch.stack(means), "sigma": torch.stack(sigmas)}

    @property
    def kind(self) -> type["EnsemblePosterior"]:
        return EnsemblePosterior


class EnsemblePosterior(CellPosterior[Ensemble]):
    """What `Ensemble.posterior` gives."""

    def _ask(self, y: Tensor, variance_factor: Tensor, progress: Progress) -> Prediction:
        return self.model.predict(y, self.forward, variance_factor, progress, shelf=self.shelf)

    def _residual(self, k: int, generator: torch.Generator) -> Tensor:
        kernel = self.model.residuals[self.forward.name]
        h, w = self.prediction.mean.shape[-2:]
        return torch.stack([draw(kernel, h, w, generator) for _ in self.y])
