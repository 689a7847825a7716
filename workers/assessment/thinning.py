"""A check that needs no truth: predict one half of the counts from the other half.

Counts are split at random into two independent maps. Whatever a model makes of one is scored
against the other, which it never saw. Only what the instrument sees is tested so (the range of A):
detail finer than a measured pixel has no counts of its own.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from workers.assessment.counting import Counts, split_counts
from workers.physics import PoissonNoise

Array = NDArray[np.float64]

LEVEL = 0.9  # of the predictive interval that is scored
ALLOWED = 0.05  # a coverage further than this from its level fails
_NEARLY = 0.02  # variance factors this near to 1 are plain counting


def thin(counts: Counts, mean: Array, factor: float, rng: np.random.Generator) -> Counts:
    """One half of `counts`; the rest is the other, independent of it and with the same noise.

    Neufeld, Dharamshi, Gao and Witten (2024), "Data thinning for convolution-closed distributions",
    JMLR 25: plain counts fall to either half by the toss of a coin. With a variance `factor` above
    1 they are negative binomial of size mean/(factor − 1), and one toss decides for clumps of
    counts (beta-binomial); below 1 they are binomial out of mean/(1 − factor), and the halves are
    drawn without replacement (hypergeometric). Coin tosses would leave such halves correlated.
    `mean`: expected counts of every pixel, which the clumps depend on.
    """
    mean = np.maximum(mean, 1e-3)
    if abs(factor - 1) < _NEARLY:
        return split_counts(counts, rng)[0]
    if factor > 1:
        half = mean / (factor - 1) / 2
        return rng.binomial(counts, rng.beta(half, half))
    trials = np.maximum(np.rint(mean / (1 - factor)).astype(np.int64), counts)
    return rng.hypergeometric(counts, trials - counts, trials // 2)


@dataclass(frozen=True)
class Check:
    """How one channel did: `coverage` of the 90 % predictive range; χ² of the prediction against
    the other half, of the smoothest picture (`smooth`) and of the first half itself (`raw`)."""

    coverage: float
    chi2: float
    smooth: float
    raw: float
    pixels: int

    @property
    def failure(self) -> str:
        """Why it failed: "narrow", "wide", "rough" (worse than no network), or ""."""
        chance = 3 * (LEVEL * (1 - LEVEL) / self.pixels) ** 0.5
        if self.coverage < LEVEL - ALLOWED - chance:
            return "narrow"
        if self.coverage > LEVEL + ALLOWED + chance:
            return "wide"
        # χ² of two predictions of the same counts moves together: a tenth of its scatter is ample.
        return "rough" if self.chi2 > self.smooth + 0.3 * (2 / self.pixels) ** 0.5 + 0.02 else ""


def score(
    second: Tensor,
    draws: Iterable[Tensor],
    prediction: Tensor,
    others: tuple[Tensor, Tensor],
    noise: PoissonNoise,
    mask: Tensor,
) -> list[Check]:
    """Score predictions of the `second` half (c, h, w), counts, one check per channel.

    `draws`: means of y from posterior samples of the first half, `(c, h, w)` each; `prediction`:
    that of the estimate; `others`: those of the smooth image and of the first half itself.
    """
    placed, count = torch.zeros_like(second), 0
    for mean in draws:
        # The same seed for every draw: one pixel's randomisation is part of its one rank.
        tossed = torch.Generator().manual_seed(1)
        placed += torch.special.ndtr(noise.quantile_residuals(mean, second, tossed))
        count += 1
    rank = placed / count
    inside = ((rank - 0.5).abs() <= LEVEL / 2)[:, mask].double().mean(dim=1)
    chi2, smooth, raw = (noise.chi2(mean, second, mask) for mean in (prediction, *others))
    return [
        Check(float(inside[c]), float(chi2[c]), float(smooth[c]), float(raw[c]), int(mask.sum()))
        for c in range(len(second))
    ]
