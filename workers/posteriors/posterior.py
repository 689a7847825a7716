"""What every posterior over cells shares: the estimate, its spread, and samples that agree.

Networks predict a mean and a spread for every coefficient of every cell. A posterior differs from
another in who predicts them and in how it draws what they left out; settling with the counts
through the forward model is the same for all.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, Self, TypeVar

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from workers.physics import LinearForwardModel, PoissonNoise
from workers.physics.masks import fill_unmeasured
from workers.posteriors.cells import cell_basis
from workers.posteriors.shelf import NOTHING_KEPT, Shelf

# On the members' own spread. Counts that an estimate does not explain say that it is wrong, not
# that it is certain: bisection alone would take its spread to nothing.
SPREAD_LIMITS = (0.5, 3.0)

Progress = Callable[[float], None]  # hears the share done; may raise to stop


def silent(fraction: float) -> None:
    """Progress nobody listens to."""


@dataclass(frozen=True)
class Prediction:
    """Coefficients of every cell, counts: `mean` and `sigma` are `(members, e, cell², h, w)`."""

    mean: Tensor
    sigma: Tensor


class Model(ABC):
    """What draws a posterior: an ensemble, or a regression with its flow."""

    @property
    @abstractmethod
    def kind(self) -> "type[CellPosterior[Any]]":
        """The posterior that asks this model."""

    def posterior(
        self,
        values: np.ndarray,
        mask: np.ndarray,
        forward: LinearForwardModel,
        noise: PoissonNoise,
        *,
        strict: bool = False,
        progress: Progress = silent,
        shelf: Shelf = NOTHING_KEPT,
    ) -> "CellPosterior[Any]":
        """The posterior of one measurement, networks already asked; see `CellPosterior`."""
        return self.kind(self, values, mask, forward, noise, strict, progress, shelf)


class TiledModel(Model):
    """A model whose networks can be asked about one tile of a map without the others."""

    @abstractmethod
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
        """Put on `shelf` what a posterior of `ready` counts `y` will ask of its tile `n`.

        `draws`: seed and number of every sample that will be drawn.
        """


def ready(
    values: np.ndarray, mask: np.ndarray, forward: LinearForwardModel, noise: PoissonNoise
) -> tuple[Tensor, Tensor]:
    """Counts `(e, h, w)` as networks are asked about them, without holes; variance factors (e,).

    Cells of a fine map are pairs of rows and columns, so its sides become even.
    """
    filled = torch.from_numpy(fill_unmeasured(values, mask).astype(np.float32))
    if forward.name == "fine":
        h, w = filled.shape[-2:]
        filled = F.pad(filled[None], (0, w % 2, 0, h % 2), mode="replicate")[0]
    return filled, noise.variance_factor.to(torch.float32).expand(len(filled))


M = TypeVar("M", bound=Model)


class CellPosterior(ABC, Generic[M]):
    """Posterior of one measurement under one forward model; `sample` is the posterior contract.

    Parameters
    ----------
    values : float32 (e, h, w), counts; mask : bool (h, w), True where measured.
    noise : counting noise with one variance factor per element.
    strict : samples and estimate return the measured counts exactly instead of within noise.
    shelf : where tiles of this very measurement lie that were computed before.
    """

    def __init__(
        self,
        model: M,
        values: np.ndarray,
        mask: np.ndarray,
        forward: LinearForwardModel,
        noise: PoissonNoise,
        strict: bool,
        progress: Progress,
        shelf: Shelf = NOTHING_KEPT,
    ) -> None:
        self.model, self.forward, self.noise, self.strict = model, forward, noise, strict
        self.shelf = shelf
        self.y = torch.from_numpy(np.ascontiguousarray(values, dtype=np.float32))
        self.mask = torch.from_numpy(np.ascontiguousarray(mask))
        self.basis = cell_basis(forward)
        self.prediction = self._ask(*ready(values, mask, forward, noise), progress)

    @abstractmethod
    def _ask(self, y: Tensor, variance_factor: Tensor, progress: Progress) -> Prediction:
        """Run what has to run before the first sample, on `y` (e, h, w) without holes."""

    def strictly(self) -> Self:
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
        spread, mean, between = torch.zeros(()), torch.zeros(()), torch.zeros(())
        for n, (one, sigma) in enumerate(self._members(), start=1):
            spread = spread + (self._scaled(sigma).square() - spread) / n
            image = self._image(one)
            moved = image - mean
            mean = mean + moved / n
            between = between + moved * (image - mean)  # Welford 1962
        cells = torch.einsum("kp,ekhw->ephw", basis.square(), spread)
        within = F.pixel_shuffle(cells, self.basis.block)[:, 0]
        height, width = self.shape
        return torch.sqrt(within[:, :height, :width] + between / max(n - 1, 1))

    def sample(self, count: int, generator: torch.Generator) -> Iterator[Tensor]:
        """`count` posterior samples `(e, H, W)`, counts, one after the other."""
        for k in range(count):
            mean, sigma = self._member(k, generator)
            drawn = self._scaled(sigma) * self._residual(k, generator)
            if self.strict and self.forward.name != "fine":
                drawn[:, 0] = 0
            yield self._settle(self._image(mean + drawn), generator)

    @cached_property
    def spread(self) -> Tensor:
        """Factor per element on the spread of what was measured, `(e,)`; 1 if members knew it.

        E χ² of posterior samples is 1. Where the members' own spread misses that, the counts say
        by how much, without any truth: the factor is found by bisection on the deviance.
        """
        generator = torch.Generator().manual_seed(0)
        mean, sigma = self._member(0, generator)
        centre = self.forward.expected(self._image(mean))
        drawn = sigma * self._residual(0, generator)
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

    def _member(self, k: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Mean and sigma that sample `k` starts from, `(e, cell², h, w)` each, counts."""
        m = k % len(self.prediction.mean)
        return self.prediction.mean[m], self.prediction.sigma[m]

    def _members(self) -> Iterator[tuple[Tensor, Tensor]]:
        """The means and sigmas whose scatter is what is not known of the networks."""
        return zip(self.prediction.mean, self.prediction.sigma, strict=True)

    def _scaled(self, sigma: Tensor) -> Tensor:
        """`sigma` (e, cell², h, w) with `spread` on what was measured."""
        scaled = sigma.clone()
        part = scaled if self.forward.name == "fine" else scaled[:, :1]
        part *= self.spread[:, None, None, None]
        return scaled

    @abstractmethod
    def _residual(self, k: int, generator: torch.Generator) -> Tensor:
        """Whitened residual of every element for sample `k`, `(e, cell², h, w)`."""

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
