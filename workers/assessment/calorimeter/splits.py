"""Measured energies divided among fine cells without learning; each cell keeps its energy."""

import numpy as np
from scipy import ndimage

from workers.events import Float


def uniform(coarse: Float, factor: int) -> Float:
    """Every child the same: `(n, layers, r, r) -> (n, layers, r · factor, r · factor)`."""
    return split(coarse, np.ones((*coarse.shape[:2], *_finer(coarse, factor)), np.float32))


def bicubic(coarse: Float, factor: int) -> Float:
    """In proportion to a cubic spline through the cells, where it is above 0."""
    zoom = (1, 1, factor, factor)
    smooth = ndimage.zoom(coarse, zoom, order=3, mode="nearest", grid_mode=True)
    return split(coarse, smooth)


def split(coarse: Float, weights: Float) -> Float:
    """`coarse` `(n, layers, r, r)` divided in proportion to `weights` `(n, layers, R, R)`.

    Negative weights count as 0; a cell whose weights are all 0 is divided evenly.
    """
    n, layers, rows, _ = coarse.shape
    factor = weights.shape[-1] // rows
    blocks = np.maximum(weights, 0).reshape(n, layers, rows, factor, rows, factor)
    total = blocks.sum(axis=(3, 5), keepdims=True)
    even = np.float32(1 / factor**2)
    fractions = np.divide(blocks, total, out=np.full_like(blocks, even), where=total > 0)
    fine: Float = fractions * coarse[:, :, :, None, :, None]
    return fine.reshape(n, layers, rows * factor, rows * factor).astype(np.float32)


def _finer(coarse: Float, factor: int) -> tuple[int, int]:
    return coarse.shape[-2] * factor, coarse.shape[-1] * factor
