"""The smoothest image consistent with a measurement: what needs no learned prior.

A Gaussian process with the specimen's own fitted power spectrum, conditioned on the map. On a
grid every measured frequency involves only the f² fine frequencies that alias onto it, so the
exact answer is one multiplication per frequency.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from workers.physics import NoiseModel
from workers.physics.masks import fill_unmeasured
from workers.physics.spectrum import Fit, GridModel, transfer
from workers.stationary import Array, fine_frequencies, fold

_MARGIN = 16  # measured pixels of mirrored border: longer than the specimen's fine detail


def _conditioned(y: Array, model: GridModel, fit: Fit) -> Array:
    """Posterior mean of one full rectangular channel under a periodic boundary."""
    f = model.factor
    qy, qx = fine_frequencies(f * y.shape[0], f * y.shape[1])
    response = transfer(model, qy, qx)
    prior = fit.specimen.spectrum(qy**2 + qx**2)
    seen = fold(np.abs(response) ** 2 * prior, f)
    level = y.mean()
    weights = np.fft.fft2(y - level) / (seen + fit.noise)
    image = np.fft.ifft2(np.conj(response) * prior * np.tile(weights, (f, f))).real
    return np.asarray(level + image)


def smooth_image(
    y: Tensor,
    model: GridModel,
    noise: NoiseModel,
    fits: Sequence[Fit | None],
    mask: Tensor,
    strict: bool = False,
) -> Tensor:
    """The smoothest image within the noise of `y`: `(c, h, w) -> (c, H, W)`, counts.

    `fits`: the specimen of every channel (`physics.spectrum.fit_specimen`); a channel without
    one, where nothing stands out of noise, becomes its mean. `strict`: exactly consistent.
    """
    seen = mask.cpu().numpy()
    full = fill_unmeasured(y.cpu().numpy().astype(np.float64), seen)
    f = model.factor
    margin = min(_MARGIN, *full.shape[-2:])
    images = []
    for values, fit in zip(full, fits, strict=True):
        if fit is None:
            level = values[seen].mean() if seen.any() else 0.0
            images.append(np.full((f * values.shape[0], f * values.shape[1]), level))
            continue
        image = _conditioned(np.pad(values, margin, mode="symmetric"), model, fit)
        inner = slice(f * margin, -f * margin)
        images.append(image[inner, inner])
    x = torch.from_numpy(np.stack(images)).to(y)
    return model.consistency(x, y, noise, mask, strict=strict)
