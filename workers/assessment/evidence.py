"""What the data fixed, without any network.

The measurement share of a probe w is ms = 1 − wᵀ C_post w / wᵀ Q w: the part of its prior
variance that the measurement removed, with Q the specimen's own fitted stationary spectrum. It is
0 where a structure of that size and place is invented and 1 where it was measured. Per group of
aliasing frequencies C_post has closed form; averaged over the places of a probe within its cell,
 ms = Σ |w|² Q² |H|² / (S + N)  /  (f² Σ |w|² Q),   S = mean over the group of |H|² Q.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from workers.physics import LinearForwardModel
from workers.physics.noise import SMALLEST_MEAN
from workers.physics.spectrum import Fit, GridModel, transfer
from workers.stationary import (
    FWHM,
    SIZES,
    Array,
    Specimen,
    blob_response,
    fine_frequencies,
    half_size,
    measured_share,
)

_CELLS = 48  # measured pixels along the side of the grid the shares are summed on
_LEVELS = 24


def measurement_share(
    model: GridModel, specimen: Specimen, noise: Sequence[float] | Array, size: float
) -> Array:
    """Share of a blob of `size` (FWHM, fine pixels) that the data fixed, per `noise` (counts²)."""
    f = model.factor
    qy, qx = fine_frequencies(_CELLS * f, _CELLS * f)
    q2 = qy**2 + qx**2
    seen = np.abs(transfer(model, qy, qx)) ** 2
    probe = blob_response(q2, size / FWHM) ** 2
    return measured_share(seen, specimen.spectrum(q2), probe, noise, f)


@dataclass(frozen=True)
class Resolution:
    """Shares of blobs of `sizes` (FWHM, fine pixels); `half`: the smallest with a share of 1/2.

    `half` is infinity where no size reaches it.
    """

    sizes: tuple[float, ...]
    shares: tuple[float, ...]
    half: float


def resolution_of_evidence(model: GridModel, fit: Fit | None) -> Resolution:
    """From which size on structures are measured rather than invented, at the map's mean noise."""
    if fit is None:
        return Resolution(SIZES, (0.0,) * len(SIZES), float("inf"))
    shares = [float(measurement_share(model, fit.specimen, [fit.noise], s)[0]) for s in SIZES]
    return Resolution(SIZES, tuple(shares), half_size(shares))


def evidence_map(
    mean: Tensor,
    model: GridModel,
    variance_factor: Tensor,
    fits: Sequence[Fit | None],
    mask: Tensor,
    size: float = 4.0,
) -> Tensor:
    """Share of a structure of `size` fine pixels that the data fixed, at every place.

    `mean`: expected counts of the measured map `(c, h, w)`, from which the local noise follows
    (A of the smooth image: the raw counts would put their own noise into it). Returns
    `(c, H, W)`, 0 to 1; 0 where nothing was measured or nothing stands out of noise.
    """
    f = model.factor
    level = (variance_factor[:, None, None] * mean.clamp_min(SMALLEST_MEAN)).cpu().numpy()
    maps = np.zeros(mean.shape, dtype=np.float64)
    for c, fit in enumerate(fits):
        if fit is None:
            continue
        grid = np.geomspace(level[c].min() * 0.999, level[c].max() * 1.001, _LEVELS)
        shares = measurement_share(model, fit.specimen, grid, size)
        maps[c] = np.interp(np.log(level[c]), np.log(grid), shares)
    measured = torch.from_numpy(maps).to(mean) * mask.to(mean.dtype)
    return measured.repeat_interleave(f, dim=-2).repeat_interleave(f, dim=-1)


@dataclass(frozen=True)
class Split:
    """The three parts of a picture, `(c, H, W)` counts each; they add up to the estimate.

    measured : A†A of the estimate; smooth : what any smooth picture has where nothing is seen;
    learned : what the learned prior put there ("invented"). `shares` of the detail's energy,
    `(c, 3)` in that order, add up to 1.
    """

    measured: Tensor
    smooth: Tensor
    learned: Tensor
    shares: Tensor


def three_way(estimate: Tensor, smooth: Tensor, model: LinearForwardModel) -> Split:
    """Split an estimate against the smoothest consistent image, `(c, H, W)` both.

    Where every pixel is measured there is no null space; then what was supplied is the whole
    difference from the smooth image, and it lies within the noise.
    """
    if model.factor == 1:
        parts = (smooth, torch.zeros_like(smooth), estimate - smooth)
    else:
        seen, null = model.split(estimate)
        smooth_null = model.split(smooth)[1]
        parts = (model.pseudo_inverse(seen), smooth_null, null - smooth_null)
    energy = torch.stack([p.var(dim=(-2, -1), correction=0) for p in parts], dim=-1)
    total = energy.sum(dim=-1, keepdim=True)
    # A flat picture has no detail; all there is of it was measured.
    whole = torch.tensor([1.0, 0.0, 0.0]).to(energy).expand_as(energy)
    return Split(*parts, shares=torch.where(total > 0, energy / total.clamp_min(1e-30), whole))
