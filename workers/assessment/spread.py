"""How far off pixels are in standard deviations, by how steep the estimate is there.

An estimate is smoother than the truth, so its errors have heavier tails where it is steep: one
factor for all pixels makes intervals too wide in flat parts and too narrow at edges. Each stratum
of steepness has its own (Mondrian conformal prediction: Vovk, Gammerman & Shafer, *Algorithmic
Learning in a Random World*, 2005, §4.5), by risk control over specimens as `calibration` does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from workers.assessment.calibration import conformal_scale

Array = NDArray[np.float64]

CUTS = (0.25, 1.0, 2.0)  # of steepness, between strata
LEAST = 0.01  # of a specimen's pixels, for it to speak of a stratum
LEVELS = (0.5, 0.8, 0.9, 0.95)
SURVIVAL_AT = np.linspace(0.0, 8.0, 33)  # |error| / std


def strata(estimate: Tensor, std: Tensor) -> Tensor:
    """The stratum of every pixel, uint8 `(c, H, W)`, from gentle (0) to steep (3).

    Steepness is |∇x̂|/std: how many of its own standard deviations the estimate (c, H, W) changes
    by over one pixel.
    """
    found = torch.empty(estimate.shape, dtype=torch.uint8, device=estimate.device)
    cuts = torch.tensor(CUTS, dtype=estimate.dtype, device=estimate.device)
    for plane, spread, into in zip(estimate, std, found, strict=True):
        slope = torch.hypot(*torch.gradient(plane))
        into.copy_(torch.bucketize(slope / spread.clamp_min(torch.finfo(std.dtype).tiny), cuts))
    return found


@dataclass(frozen=True)
class Spread:
    """What a model's standard deviations are worth, as found on held-out specimens.

    intervals : by level, the factor λ of each stratum: |x − x̂| ≤ λ·std on that share of a new
    specimen's pixels; at : rising values of z; survival : of each stratum, the share of pixels
    whose |error|/std was larger than each of them.
    """

    intervals: Mapping[str, tuple[float, ...]]
    at: tuple[float, ...]
    survival: tuple[tuple[float, ...], ...]

    @classmethod
    def of(cls, scores: Sequence[Array], strata: Sequence[NDArray[np.uint8]]) -> "Spread":
        """From |error|/std of some pixels of each specimen, and the stratum each lies in.

        A specimen with few pixels in a stratum says too little of it; a stratum that too few
        specimens speak of is taken for the next gentler one. Raises ValueError with too few
        specimens for the highest level (`conformal_scale`).
        """
        needed = int(np.ceil(max(LEVELS) / (1 - max(LEVELS)) - 1e-9))
        part = list(scores)
        intervals: dict[str, list[float]] = {f"{level:g}": [] for level in LEVELS}
        survival = []
        for k in range(len(CUTS) + 1):
            found = [z[s == k] for z, s in zip(scores, strata, strict=True)]
            speak = [
                z for z, whole in zip(found, scores, strict=True) if len(z) > LEAST * len(whole)
            ]
            part = speak if len(speak) >= needed else part
            for level in LEVELS:
                scale = conformal_scale(part, 1 - level)
                intervals[f"{level:g}"].append(round(scale, 4))
            survival.append(_survival(np.concatenate(part)))
        fixed = {level: tuple(factors) for level, factors in intervals.items()}
        return cls(fixed, tuple(SURVIVAL_AT.tolist()), tuple(survival))

    def halfwidth(self, level: str, estimate: Tensor, std: Tensor) -> Tensor:
        """λ·std of the interval of this level, `(c, H, W)`."""
        factors = torch.tensor(self.intervals[level], dtype=std.dtype, device=std.device)
        found = torch.empty_like(std)
        for into, spread, stratum in zip(found, std, strata(estimate, std), strict=True):
            torch.mul(factors[stratum.int()], spread, out=into)
        return found

    def pixel_risk(self, estimate: Tensor, std: Tensor, tau: Tensor) -> Tensor:
        """P(|x − x̂| > τ), `(c, H, W)`; τ `(c,)`, counts."""
        found = torch.empty_like(std)
        planes = zip(found, std, strata(estimate, std), tau.to(std), strict=True)
        for into, spread, stratum, limit in planes:
            z = (limit / spread.clamp_min(torch.finfo(std.dtype).tiny)).cpu().numpy()
            lies = stratum.cpu().numpy()
            risk = np.empty_like(z)
            for k, share in enumerate(self.survival):
                risk[lies == k] = np.interp(z[lies == k], self.at, share)
            into.copy_(torch.from_numpy(risk))
        return found

    def to_card(self) -> dict[str, Any]:
        return {
            "interval": {level: list(factors) for level, factors in self.intervals.items()},
            "survival": {
                "at": list(self.at),
                "share": [[round(x, 5) for x in share] for share in self.survival],
            },
        }

    @classmethod
    def from_card(cls, card: Mapping[str, Any]) -> "Spread":
        return cls(
            {level: tuple(factors) for level, factors in card["interval"].items()},
            tuple(card["survival"]["at"]),
            tuple(map(tuple, card["survival"]["share"])),
        )


def _survival(scores: Array) -> tuple[float, ...]:
    ordered = np.sort(scores)
    share = 1 - np.searchsorted(ordered, SURVIVAL_AT, side="right") / len(ordered)
    return tuple(share.tolist())
