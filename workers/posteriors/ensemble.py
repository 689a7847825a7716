"""The deep ensemble: posterior samples of a finer map from five networks.

Each member gives a mean and a spread for every coefficient of every cell (`networks.cellnet`),
looking at the map from a side of its own (`posteriors.sides`). The members' mean is what is shown
as the estimate. A sample is one member's mean plus a residual with the spatial covariance measured
on scenes no member saw (`posteriors.residual`), so samples carry both what the members disagree on
(epistemic) and what the measurement leaves open (aleatoric).
"""

from collections.abc import Callable, Iterator
from copy import copy
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from workers.networks.cellnet import HALO, CellNet
from workers.physics import LinearForwardModel, PoissonNoise
from workers.physics.masks import fill_unmeasured
from workers.posteriors.cells import cell_basis, predict, prepare
from workers.posteriors.residual import draw
from workers.posteriors.sides import side_of

TILE = 256  # cells along the side of a tile; with its halo it takes about 2 GB for ten elements
SPREAD_LIMITS = (0.0, 3.0)


@dataclass(frozen=True)
class Prediction:
    """Coefficients of every cell, counts: `mean` and `sigma` are `(members, e, cell², h, w)`."""

    mean: Tensor
    sigma: Tensor


@dataclass(frozen=True)
class Ensemble:
    """Members for one size of cell, and the residual kernel of each operator."""

    members: tuple[CellNet, ...]
    residuals: dict[str, Tensor]

    @torch.inference_mode()
    def predict(
        self,
        y: Tensor,
        forward: LinearForwardModel,
        variance_factor: Tensor,
        progress: Callable[[float], None] = lambda fraction: None,
        tile: int = TILE,
    ) -> Prediction:
        """Run every member over `y` (e, h, w), counts, tile by tile, each from its own side.

        A tile is computed with a halo as wide as the networks can see, so the result does not
        depend on `tile`. `progress` hears the share done after every tile and may raise to stop.
        """
        basis = cell_basis(forward)
        step = basis.block // forward.factor  # measured pixels along a cell: 2 if fine
        e, h, w = (y.shape[0], y.shape[1] // step, y.shape[2] // step)
        mean = torch.empty(len(self.members), e, basis.block**2, h, w)
        sigma = torch.empty_like(mean)
        corners = [(i, j) for i in range(0, h, tile) for j in range(0, w, tile)]
        for n, (i, j) in enumerate(corners):
            top, left = max(i - HALO, 0), max(j - HALO, 0)
            bottom, right = min(i + tile + HALO, h), min(j + tile + HALO, w)
            part = y[None, :, top * step : bottom * step, left * step : right * step]
            rows, columns = slice(i - top, i - top + tile), slice(j - left, j - left + tile)
            for m, member in enumerate(self.members):
                side = side_of(forward.name, m)
                cells = prepare(side.look(part), forward, variance_factor[None, :, None, None])
                one_mean, one_sigma = predict(member, cells)
                exchange = side.exchange(basis)
                upright = side.back_from_cells(one_mean[0], exchange)
                spread = side.back_from_cells(one_sigma[0], exchange.abs())
                mean[m, :, :, i : i + tile, j : j + tile] = upright[..., rows, columns]
                sigma[m, :, :, i : i + tile, j : j + tile] = spread[..., rows, columns]
                progress((n + (m + 1) / len(self.members)) / len(corners))
        return Prediction(mean, sigma)


class EnsemblePosterior:
    """Posterior of one measurement under one forward model; `sample` is the posterior contract.

    Parameters
    ----------
    values : float32 (e, h, w), counts; mask : bool (h, w), True where measured.
    noise : counting noise with one variance factor per element.
    strict : samples and estimate return the measured counts exactly instead of within noise.
    """

    def __init__(
        self,
        ensemble: Ensemble,
        values: np.ndarray,
        mask: np.ndarray,
        forward: LinearForwardModel,
        noise: PoissonNoise,
        *,
        strict: bool = False,
        progress: Callable[[float], None] = lambda fraction: None,
    ) -> None:
        self.ensemble, self.forward, self.noise, self.strict = ensemble, forward, noise, strict
        self.y = torch.from_numpy(np.ascontiguousarray(values, dtype=np.float32))
        self.mask = torch.from_numpy(np.ascontiguousarray(mask))
        self.basis = cell_basis(forward)
        filled = torch.from_numpy(fill_unmeasured(values, mask).astype(np.float32))
        if forward.name == "fine":  # cells of a fine map are pairs of rows and columns
            h, w = filled.shape[-2:]
            filled = F.pad(filled[None], (0, w % 2, 0, h % 2), mode="replicate")[0]
        factors = noise.variance_factor.to(torch.float32).expand(len(filled))
        self.prediction = ensemble.predict(filled, forward, factors, progress)

    def strictly(self) -> "EnsemblePosterior":
        """The same posterior in strict mode, without asking the networks again."""
        other = copy(self)
        other.__dict__.pop("estimate", None)
        other.strict = True
        return other

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the estimate, fine pixels."""
        h, w = self.y.shape[-2:]
        return h * self.forward.factor, w * self.forward.factor

    @cached_property
    def estimate(self) -> Tensor:
        """What is shown: the members' mean, non-negative and consistent, `(e, H, W)` counts."""
        return self._settle(self._image(self.prediction.mean.mean(dim=0)))

    @cached_property
    def std(self) -> Tensor:
        """Standard deviation of a pixel, `(e, H, W)` counts: within members plus between them."""
        basis = self.basis.cell_basis().to(torch.float32)
        spread = self._scaled_sigma().square().mean(dim=0)
        cells = torch.einsum("kp,ekhw->ephw", basis.square(), spread)
        within = F.pixel_shuffle(cells, self.basis.block)[:, 0]
        between = torch.stack([self._image(m) for m in self.prediction.mean]).var(dim=0)
        height, width = self.shape
        return torch.sqrt(within[:, :height, :width] + between)

    def sample(self, count: int, generator: torch.Generator) -> Iterator[Tensor]:
        """`count` posterior samples `(e, H, W)`, counts, one after the other."""
        sigma = self._scaled_sigma()
        for k in range(count):
            m = k % len(self.ensemble.members)
            drawn = sigma[m] * self._residual(generator)
            if self.strict and self.forward.name != "fine":
                drawn[:, 0] = 0
            yield self._settle(self._image(self.prediction.mean[m] + drawn), generator)

    @cached_property
    def spread(self) -> Tensor:
        """Factor per element on the spread of what was measured, `(e,)`; 1 if members knew it.

        E χ² of posterior samples is 1. Where the members' own spread misses that, the counts say
        by how much, without any truth: the factor is found by bisection on the deviance.
        """
        generator = torch.Generator().manual_seed(0)
        centre = self.forward.expected(self._image(self.prediction.mean[0]))
        drawn = self.prediction.sigma[0] * self._residual(generator)
        if self.forward.name != "fine":
            drawn[:, 1:] = 0  # only the measured coefficient can be judged by the counts
        change = self.forward.expected(self._image(drawn))
        low = torch.full((len(self.y),), SPREAD_LIMITS[0])
        high = torch.full_like(low, SPREAD_LIMITS[1])
        for _ in range(10):
            middle = 0.5 * (low + high)
            moved = (centre + middle[:, None, None] * change).clamp(min=0)
            too_far = self.noise.chi2(moved, self.y, self.mask) > 1
            low, high = torch.where(too_far, low, middle), torch.where(too_far, middle, high)
        return 0.5 * (low + high)

    def _scaled_sigma(self) -> Tensor:
        sigma = self.prediction.sigma.clone()
        part = sigma if self.forward.name == "fine" else sigma[:, :, :1]
        part *= self.spread[:, None, None, None]
        return sigma

    def _residual(self, generator: torch.Generator) -> Tensor:
        """Whitened residual of every element, `(e, cell², h, w)`."""
        kernel = self.ensemble.residuals[self.forward.name]
        h, w = self.prediction.mean.shape[-2:]
        return torch.stack([draw(kernel, h, w, generator) for _ in self.y])

    def _image(self, coefficients: Tensor) -> Tensor:
        height, width = self.shape
        return self.basis.from_coefficients(coefficients)[..., :height, :width]

    def _settle(self, x: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Non-negative without moving what it predicts to be measured, then the consistency layer.

        Clipping alone would raise every cell that holds a negative pixel. For a sample the layer
        perturbs the observation (`generator`), so that agreement does not shrink the spread.
        """
        if self.forward.name in ("binned", "point", "line"):
            measured = self.forward.expected(x).clamp(min=0)
            x = self.forward.consistency(x, measured, self.noise, strict=True)
        x = x.clamp(min=0)
        return self.forward.consistency(
            x, self.y, self.noise, self.mask, strict=self.strict, generator=generator
        )
