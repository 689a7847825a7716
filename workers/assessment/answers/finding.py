"""Phases of a map: defined once, on the estimate, then found again in every posterior sample.

There are as many phases as the posterior keeps apart: the prediction strength of Tibshirani and
Walther (2005), with a map redrawn within its posterior spread in the place of their second half of
the data.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.vq import kmeans2, vq

from workers.assessment.answers.phases import Array, Phases

MOST = 8  # phases: as many as a reader keeps apart by colour
STRENGTH = 0.8  # of the pixels of every phase stay in it
LEAST_SHARE = 0.001  # of the area: less is a feature, not a phase
PIXELS = 20_000  # of the estimate that phases are found on
STARTS = 4  # of k-means, the best of which is kept


def find_phases(
    estimate: NDArray[np.floating], std: NDArray[np.floating], mask: NDArray[np.bool_]
) -> Phases:
    """The phases of `estimate` (c, H, W), counts, whose posterior spread is `std`; one at least.

    Channels are compared in units of the deviation of one pixel of a sample (between pixels of the
    estimate, and within its spread): an element that shows nothing but noise then hardly weighs.
    `mask` (H, W): only there. The largest phase comes first.
    """
    rng = np.random.default_rng(0)
    flat = np.flatnonzero(mask)
    chosen = rng.permutation(flat)[:PIXELS]
    x = estimate.reshape(len(estimate), -1)[:, chosen].T.astype(float)
    spread = std.reshape(len(std), -1)[:, chosen].T.astype(float)
    scale = np.sqrt(x.var(axis=0) + np.square(spread).mean(axis=0))
    scale = np.where(scale > 0, scale, 1.0)
    redrawn = (x + spread * rng.standard_normal(x.shape)) / scale
    best = (x / scale).mean(axis=0, keepdims=True)
    distinct = len(np.unique(x, axis=0))
    for count in range(2, min(MOST, distinct) + 1):
        centres = _centres(x / scale, count, rng)
        if strength(x / scale, redrawn, centres) >= STRENGTH:
            best = centres
    size = np.bincount(vq(x / scale, best)[0], minlength=len(best))
    return Phases(best[np.argsort(-size, kind="stable")] * scale, scale)


def strength(x: Array, redrawn: Array, centres: Array) -> float:
    """The least share, over phases, of the pixels of `x` (n, c) that stay in theirs `redrawn`."""
    before, after = vq(x, centres)[0], vq(redrawn, centres)[0]
    stayed = np.bincount(before[before == after], minlength=len(centres))
    return float((stayed / np.bincount(before, minlength=len(centres)).clip(1)).min())


def _centres(x: Array, count: int, rng: np.random.Generator) -> Array:
    """The centres of the best of several k-means, those of hardly any pixel left out."""
    found = []
    for _ in range(STARTS):
        centres, labels = kmeans2(x, count, iter=30, minit="++", rng=rng)
        found.append((float(np.square(x - centres[labels]).sum()), centres, labels))
    _, centres, labels = min(found, key=lambda one: one[0])
    enough = np.bincount(labels, minlength=count) >= LEAST_SHARE * len(x)
    return np.asarray(centres[enough])
