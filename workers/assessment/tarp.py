"""TARP: whether whole patches of a posterior lie as far from anywhere as the truth does.

Pixel by pixel a posterior can look right and still be wrong jointly: too smooth, or with its detail
in the wrong relation. TARP asks for each patch which share of the samples lies nearer to a
reference than the truth does. Whatever the reference, that share is uniform for a right posterior:
its mean is one half (Lemos et al. 2023, "Sampling-based accuracy testing of posterior estimators",
arXiv 2302.03026, theorem 3). The reference may depend on the measurement, never on the samples
that are tested. Near 1: truths lie farther off than samples, which are too smooth or too narrow;
near 0: samples are too rough or too wide.
"""

from collections.abc import Iterable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Array = NDArray[np.float64]

PATCH = 16  # pixels along a side


def patch_distances(image: Tensor, reference: Tensor, side: int = PATCH) -> Tensor:
    """Squared distance from `reference` of every patch, `(c, H, W) -> (c, H // side, W // side)`.

    Pixels that fill no whole patch are left out. Raises ValueError where not one patch fits.
    """
    c, height, width = image.shape
    rows, columns = height // side, width // side
    if rows == 0 or columns == 0:
        raise ValueError(f"A map of {height} × {width} pixels holds no patch of {side} × {side}.")
    squared = (image - reference)[:, : rows * side, : columns * side].double().square()
    return squared.reshape(c, rows, side, columns, side).sum(dim=(2, 4))


def tarp(
    samples: Iterable[Tensor],
    truth: Tensor,
    reference: Tensor,
    generator: torch.Generator,
    side: int = PATCH,
) -> Array:
    """Share of the samples nearer to `reference` than `truth` is, for every patch, `(patches,)`.

    `samples`: maps `(c, H, W)`, one at a time, so that they may stream; `truth`, `reference`: one
    such map each. Ties (patches of nothing but zeros) fall to either side by chance; a patch's
    share is then spread over its step, so that it is uniform on 0 to 1 for a right posterior.
    """
    true = patch_distances(truth, reference, side)
    nearer, level, count = torch.zeros_like(true), torch.zeros_like(true), 0
    for sample in samples:
        distance = patch_distances(sample, reference, side)
        nearer += distance < true
        level += distance == true
        count += 1
    if count == 0:
        raise ValueError("TARP needs at least one sample.")
    # The truth is one of the count + 1: its rank, and its place within the rank's own step.
    place = torch.rand(true.shape, generator=generator, dtype=torch.float64)
    rank = nearer + place * (level + 1)
    return np.asarray((rank / (count + 1)).flatten().numpy())


def tarp_control(
    samples: Iterable[Tensor], reference: Tensor, generator: torch.Generator, side: int = PATCH
) -> Array:
    """`tarp` with the first sample in the place of the truth: one half, whatever the posterior.

    Where it is not, the test is at fault (or samples are not drawn alike), not the posterior.
    """
    rest = iter(samples)
    first = next(rest, None)
    if first is None:
        raise ValueError("TARP needs at least one sample.")
    return tarp(rest, first, reference, generator, side)
