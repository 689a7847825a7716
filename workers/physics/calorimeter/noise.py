"""Noise of cells, and what a suppressed cell still says."""

import torch
from torch import Tensor

from workers.physics.noise import NoiseModel, sum_measured


class CellNoise(NoiseModel):
    """Gaussian noise of each cell in MeV; below a limit it is only known that it was below.

    Suppression by clustering censors: the likelihood of a suppressed cell is Φ((limit − mean)/σ)
    (Tobin, Econometrica 26, 24, 1958), with the limit `Clustering.limits` gives. Given these
    limits cells are independent, so the whole event is a sum.
    """

    counts = False

    def __init__(self, sigma: Tensor, limit: Tensor | None = None) -> None:
        """`sigma` `(cells,)`; `limit` broadcasts to y, infinite where the cell was kept."""
        super().__init__(site_dims=1)
        if not bool((sigma > 0).all()):
            raise ValueError("The noise sigma of a cell is not positive: give a value above 0.")
        self._sigma = sigma
        self._limit = torch.full_like(sigma, torch.inf) if limit is None else limit

    def sigma(self, mean: Tensor) -> Tensor:
        return self._sigma.to(mean).expand_as(mean)

    def deviance(self, mean: Tensor, y: Tensor) -> Tensor:
        """((y − mean)/σ)² of a kept cell, −2 ln Φ of a suppressed one."""
        limit = self._limit.to(mean)
        censored = torch.isfinite(limit)
        below = (torch.where(censored, limit, 0.0) - mean) / self._sigma.to(mean)
        seen = self.residuals(mean, y).square()
        return torch.where(censored, -2 * torch.special.log_ndtr(below), seen)

    def expected_deviance(self, mean: Tensor) -> Tensor:
        return torch.ones_like(mean)

    def chi2(self, mean: Tensor, y: Tensor, mask: Tensor | None = None) -> Tensor:
        """Mean square of the standardised residuals of kept cells, per event.

        A suppressed cell has no residual. 1 with no kept cell at all: nothing disagrees.
        """
        kept = torch.isinf(self._limit).to(mean.device).expand(y.shape)
        if mask is not None:
            kept = kept & mask
        square = torch.where(kept, self.residuals(mean, y).square(), 0.0)
        found = sum_measured(square, None, self.site_dims)
        due = kept.to(mean.dtype).sum(dim=-1)
        return torch.where(due > 0, found / due.clamp_min(1), 1.0)
