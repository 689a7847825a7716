"""The variational posterior: what samples of a network's last layers say of a map.

The features of one regression are fixed; the layers that turn them into mean and log-sigma of every
coefficient are not known but distributed. Two families of distributions share everything else:

`LowRank`, a Gaussian over all weights at once, fitted with Pyro (`training.train_variational`), in
coordinates in which the features are white. `Dropout`, which silences features at random (Gal and
Ghahramani 2016: a Bernoulli posterior over the same weights), for comparison.

A sample draws one set of weights for the whole map, so that what is not known of the network errs
alike everywhere, and adds a residual as a member of the ensemble does (`posteriors.residual`).
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from workers.device import asked
from workers.networks.cellnet import HALO, CellNet
from workers.physics import LinearForwardModel
from workers.posteriors.cells import cell_basis, look, prepare
from workers.posteriors.posterior import CellPosterior, Model, Prediction, Progress, silent
from workers.posteriors.residual import draw
from workers.posteriors.tiles import TILE, tiles

DRAWS = 16  # sets of weights from which the spread of a pixel is computed
LOG_SIGMA = (-7.0, 3.0)  # as the network's own


class Weights(ABC):
    """Distribution of the last layers, `(2, cell², width + 1)`: mean and log-sigma, bias last."""

    @property
    @abstractmethod
    def centre(self) -> Tensor:
        """The weights of the estimate."""

    @abstractmethod
    def draw(self, generator: torch.Generator) -> Tensor:
        """One set of weights."""


@dataclass(frozen=True)
class LowRank(Weights):
    """Normal with covariance F Fᵀ + diag(d), in white coordinates.

    location : `(2, n, j)`; factor : F, `(2, n, j, rank)`; diagonal : d, `(2, n, j)`;
    white : what makes the features (and a one) of each layer white, `(2, j, j)`.
    """

    location: Tensor
    factor: Tensor
    diagonal: Tensor
    white: Tensor

    @property
    def centre(self) -> Tensor:
        return self.location @ self.white

    def draw(self, generator: torch.Generator) -> Tensor:
        shared = torch.randn(self.factor.shape[-1], generator=generator)
        own = torch.randn(self.location.shape, generator=generator)
        moved = self.factor @ shared + self.diagonal.sqrt() * own
        return (self.location + moved) @ self.white


@dataclass(frozen=True)
class Dropout(Weights):
    """Each feature of each layer silent with probability `rate`, the others louder in return."""

    weights: Tensor
    rate: float

    @property
    def centre(self) -> Tensor:
        return self.weights

    def draw(self, generator: torch.Generator) -> Tensor:
        layers, _, inputs = self.weights.shape
        heard = torch.rand(layers, 1, inputs - 1, generator=generator) >= self.rate
        bias = torch.ones(layers, 1, 1)
        return self.weights * torch.cat([heard / (1 - self.rate), bias], dim=-1)


def hidden(net: CellNet, features: Tensor) -> Tensor:
    """What enters the last layers: `(b, e, width, h, w) -> (b, e, 2, width, h, w)`."""
    b, e, width, h, w = features.shape
    flat = features.flatten(0, 1)
    both = torch.stack([asked(net, head[:2], flat) for head in (net.mean, net.log_sigma)], dim=1)
    return both.reshape(b, e, 2, width, h, w)


def last_layers(net: CellNet) -> Tensor:
    """The weights that a network was trained to, laid out as `Weights` are."""
    own = {name: values.cpu() for name, values in net.state_dict().items()}
    return torch.stack(
        [
            torch.cat([own[f"{head}.2.weight"][:, :, 0, 0], own[f"{head}.2.bias"][:, None]], 1)
            for head in ("mean", "log_sigma")
        ]
    )


@dataclass(frozen=True)
class Kept:
    """What is kept of a map to ask it with other weights; `(e, ·, h, w)`, counts where counts.

    features : half precision, `(e, 2, width, h, w)`: they are most of the memory.
    """

    features: Tensor
    start: Tensor
    unit: Tensor

    def predict(self, weights: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and sigma of every coefficient with these weights, `(e, cell², h, w)` counts."""
        mean, sigma = torch.empty_like(self.start), torch.empty_like(self.start)
        layers, bias = weights[..., :-1], weights[..., -1, None, None]
        for e, features in enumerate(self.features):  # one element at a time in full precision
            out = torch.einsum("lnj,ljhw->lnhw", layers, features.float()) + bias
            mean[e] = self.start[e] + self.unit[e] * out[0]
            sigma[e] = self.unit[e] * torch.exp(out[1].clamp(*LOG_SIGMA))
        return mean, sigma


@dataclass(frozen=True)
class VariationalModel(Model):
    """A regression for one size of cell, the distribution of its last layers, and the residual
    kernel of each operator."""

    regression: CellNet
    weights: Weights
    residuals: dict[str, Tensor]

    @torch.inference_mode()
    def keep(
        self,
        y: Tensor,
        forward: LinearForwardModel,
        variance_factor: Tensor,
        progress: Progress = silent,
        tile: int = TILE,
    ) -> Kept:
        """Run the fixed part of the network over `y` (e, h, w), counts, tile by tile."""
        basis = cell_basis(forward)
        step = basis.block // forward.factor  # measured pixels along a cell: 2 if fine
        e, h, w = (y.shape[0], y.shape[1] // step, y.shape[2] // step)
        features = torch.empty(e, 2, self.regression.width, h, w, dtype=torch.float16)
        start = torch.empty(e, basis.block**2, h, w)
        unit = torch.empty_like(start)
        cut = list(tiles(h, w, tile, HALO))
        for n, piece in enumerate(cut):
            part = y[None, :, *(slice(s.start * step, s.stop * step) for s in piece.outer)]
            cells = prepare(part, forward, variance_factor[None, :, None, None])
            found = hidden(self.regression, look(self.regression, cells))[0]
            features[..., *piece.place] = found[..., *piece.inner].half()
            start[..., *piece.place] = cells.start[0][..., *piece.inner]
            unit[..., *piece.place] = cells.unit[0][..., *piece.inner]
            progress((n + 1) / len(cut))
        return Kept(features, start, unit)

    @property
    def kind(self) -> type["VariationalPosterior"]:
        return VariationalPosterior


class VariationalPosterior(CellPosterior[VariationalModel]):
    """What `VariationalModel.posterior` gives."""

    def _ask(self, y: Tensor, variance_factor: Tensor, progress: Progress) -> Prediction:
        self.kept = self.model.keep(y, self.forward, variance_factor, progress)
        mean, sigma = self.kept.predict(self.model.weights.centre)
        return Prediction(mean[None], sigma[None])

    def _member(self, k: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        return self.kept.predict(self.model.weights.draw(generator))

    def _members(self) -> Iterator[tuple[Tensor, Tensor]]:
        generator = torch.Generator().manual_seed(0)
        return (self._member(k, generator) for k in range(DRAWS))

    def _residual(self, k: int, generator: torch.Generator) -> Tensor:
        kernel = self.model.residuals[self.forward.name]
        h, w = self.prediction.mean.shape[-2:]
        return torch.stack([draw(kernel, h, w, generator) for _ in self.y])
