"""The forward model of a calorimeter: a coarse cell is the sum of its fine cells."""

from typing import ClassVar

import torch
from torch import Tensor

from workers.events import Geometry
from workers.physics.base import LinearForwardModel, observation
from workers.physics.noise import NoiseModel

REACH = 4.0  # σ: energy that left or entered a cell beyond this was no noise


class CellSum(LinearForwardModel):
    """y[c] = Σ x[i] over fine cells i with parent c: energies add, `(..., fine) -> (..., coarse)`.

    Any parent map: regular blocks or groups of any size. `factor` is the square root of the mean
    number of children, rounded: how much finer a fine cell is along a side.
    """

    name = "cell-sum"
    site_dims: ClassVar[int] = 1

    def __init__(self, parent: Tensor, coarse: int) -> None:
        """`parent` int64 `(fine,)`; raises ValueError where a coarse cell has no child."""
        self.parent = parent
        self.children = torch.bincount(parent, minlength=coarse)
        if len(self.children) != coarse or not bool((self.children > 0).all()):
            raise ValueError(f"Not each of the {coarse} coarse cells has a fine cell.")
        self.factor = max(1, round(float(len(parent) / coarse) ** 0.5))

    @classmethod
    def of(cls, geometry: Geometry) -> "CellSum":
        return cls(torch.from_numpy(geometry.parent), len(geometry.coarse))

    def expected(self, x: Tensor) -> Tensor:
        empty = x.new_zeros(*x.shape[:-1], len(self.children))
        return empty.index_add(-1, self.parent.to(x.device), x)

    def adjoint(self, y: Tensor) -> Tensor:
        return y[..., self.parent.to(y.device)]

    def pseudo_inverse(self, y: Tensor, mask: Tensor | None = None) -> Tensor:
        y = y if mask is None else y * mask.to(y.dtype)
        return self.adjoint(y / self.children.to(y))

    def consistency(
        self,
        x: Tensor,
        y: Tensor,
        noise: NoiseModel,
        mask: Tensor | None = None,
        strict: bool = False,
        generator: torch.Generator | None = None,
    ) -> Tensor:
        """Children scaled together, so fractions stay and none falls below 0.

        Besides answering the misfit of the event by `consistency_gain`, no sum is left further
        than `REACH` σ from what its cell measured. A cell whose children are all 0 gets its
        energy evenly. `mask` is True for the cells that were kept.
        """
        x = x.clamp_min(0)
        mean = self.expected(x)
        total = y.expand_as(mean)
        if not strict:
            gain = self.gain(mean, y, noise, mask, of_sample=generator is not None)
            moved = mean + gain * (observation(mean, y, noise, generator) - mean)
            reach = REACH * noise.sigma(mean)
            total = torch.minimum(torch.maximum(moved, y - reach), y + reach).clamp_min(0)
        if mask is not None:
            total = torch.where(mask, total, mean)
        return x * self.adjoint(self._ratio(mean, total)) + self._even(mean, total)

    def _ratio(self, mean: Tensor, total: Tensor) -> Tensor:
        tiny = torch.finfo(mean.dtype).tiny
        return torch.where(mean > tiny, total / mean.clamp_min(tiny), 0.0)

    def _even(self, mean: Tensor, total: Tensor) -> Tensor:
        """What the children of empty cells get."""
        tiny = torch.finfo(mean.dtype).tiny
        return self.pseudo_inverse(torch.where(mean > tiny, 0.0, total))
