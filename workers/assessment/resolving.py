"""From which size on a place is measured, and what it would take to measure a feature.

Both ask the measurement share (`evidence`) at other sizes, doses and steps than those of the map.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from workers.assessment.evidence import measurement_share
from workers.assessment.features import Features
from workers.assessment.judgement import Scene
from workers.assessment.visibility import visibility
from workers.physics import CellModel, PsfModel
from workers.physics.noise import SMALLEST_MEAN
from workers.physics.spectrum import Fit, GridModel
from workers.stationary import FWHM, SIZES, half_size

Array = NDArray[np.float64]

BEYOND = 64.0  # fine pixels; stands for "no size up to 32": a picture cannot hold infinity
RESOLVED_SHARE, RESOLVED_VISIBILITY = 0.8, 9.0  # at d = 9 planted features were told apart
MOST_DWELL = 1024.0
_LEVELS = 24


def resolution_map(
    mean: Tensor,
    model: GridModel,
    variance_factor: Tensor,
    fits: Sequence[Fit | None],
    mask: Tensor,
) -> Tensor:
    """The smallest size (FWHM, fine pixels) of which the counts fix half, `(c, h, w)`.

    Arguments as those of `evidence.evidence_map`. `BEYOND` where no size up to 32 reaches it and
    where nothing was measured.
    """
    level = _noise_level(mean, variance_factor)
    maps = np.full(level.shape, BEYOND)
    for c, fit in enumerate(fits):
        if fit is None:
            continue
        grid = np.geomspace(level[c].min() * 0.999, level[c].max() * 1.001, _LEVELS)
        shares = np.stack([measurement_share(model, fit.specimen, grid, s) for s in SIZES])
        sizes = np.array([min(half_size(column), BEYOND) for column in shares.T])
        maps[c] = np.interp(np.log(level[c]), np.log(grid), sizes)
    maps[:, ~mask.cpu().numpy()] = BEYOND
    return torch.from_numpy(maps).to(mean)


@dataclass(frozen=True)
class Needed:
    """What would resolve each feature, one entry per feature; 0 where it would not do at all.

    dwell : times the dwell at the same steps; step : how many times finer steps at the same dwell.
    1 means that it is resolved already.
    """

    dwell: Array
    step: Array


def needed(features: Features, share: Array, seen: Array, scene: Scene) -> Needed:
    """What it takes until counts alone fix four fifths of a feature and see it at d = 9.

    `share`, `seen`: its measurement share and visibility d in this map. More dwell multiplies d by
    the square root of it; finer steps put more measured pixels on the feature.
    """
    dwell = np.zeros(len(features))
    step = np.where((share >= RESOLVED_SHARE) & (seen >= RESOLVED_VISIBILITY), 1.0, 0.0)
    level = _noise_level(scene.smooth_mean, scene.noise.variance_factor)
    f = scene.model.factor
    local = level[features.channel, features.y // f, features.x // f]
    finer = {f // g: _finer(scene.model, g) for g in _smaller_steps(scene.model)}
    closer = {times: _visibility(features, model, scene) for times, model in finer.items()}
    for c, fit in enumerate(scene.fits):
        for scale in np.unique(features.scale):
            at = (features.channel == c) & (features.scale == scale)
            if fit is None or not at.any():
                continue
            size = float(FWHM * scale)
            grid = np.geomspace(local[at].min() / MOST_DWELL / 2, local[at].max() * 2, 2 * _LEVELS)
            shares = measurement_share(scene.model, fit.specimen, grid, size)
            # The noise below which the share is high enough; shares fall with noise.
            enough = _largest_with(grid, shares)
            more = np.maximum(local[at] / enough if enough else np.inf, 1.0)
            wanted = np.maximum(more, (RESOLVED_VISIBILITY / seen[at].clip(1e-6)) ** 2)
            dwell[at] = np.where(wanted <= MOST_DWELL, wanted.clip(1.0), 0.0)
            for times, model in finer.items():
                there = measurement_share(model, fit.specimen, grid, size)
                known = np.interp(np.log(local[at]), np.log(grid), there)
                does = (known >= RESOLVED_SHARE) & (closer[times][at] >= RESOLVED_VISIBILITY)
                step[at] = np.where((step[at] == 0) & does, times, step[at])
    return Needed(dwell, step)


def _largest_with(noise: Array, shares: Array) -> float:
    """The largest noise at which the share is still high enough, 0 if it never is."""
    good = np.flatnonzero(shares >= RESOLVED_SHARE)
    if len(good) == 0:
        return 0.0
    last = int(good[-1])
    if last + 1 == len(noise):
        return float(noise[-1])
    between = np.interp(-RESOLVED_SHARE, -shares[last : last + 2], np.log(noise[last : last + 2]))
    return float(np.exp(between))


def _smaller_steps(model: GridModel) -> list[int]:
    """Steps that divide this one, the largest first; none smaller than the beam is wide."""
    beam = model.sigma_px if isinstance(model, PsfModel) else 0.0
    return [g for g in range(model.factor - 1, 0, -1) if model.factor % g == 0 and g >= beam]


def _finer(model: GridModel, factor: int) -> GridModel:
    """The same beam with smaller steps."""
    if isinstance(model, PsfModel):
        return PsfModel(factor, model.sigma_px)
    return CellModel(model.name if factor > 1 else "fine", factor)


def _visibility(features: Features, model: GridModel, scene: Scene) -> Array:
    """d of every feature were it measured with `model` at the same dwell per pixel."""
    sigma = scene.noise.sigma(scene.smooth_mean)
    times = scene.model.factor // model.factor
    spread = sigma.repeat_interleave(times, dim=-2).repeat_interleave(times, dim=-1)
    return visibility(features, model, spread)


def _noise_level(mean: Tensor, variance_factor: Tensor) -> Array:
    """Variance of the measured counts, `(c, h, w)`, counts²."""
    level = variance_factor[:, None, None] * mean.clamp_min(SMALLEST_MEAN)
    return np.asarray(level.double().cpu().numpy())
