"""How far amplitude and phase of an object may be off, pixel by pixel, from posterior samples.

Samples vary as counts and prior let them about one mode. They leave out that the mode itself is
not reached: smooth phases that object and probe exchange settle late, the later the fewer frames.
So spreads are scaled, each part by what `tests/benchmarks/spreading.py` finds on a drawn scan of
360 frames at 10⁴ counts. A third of these frames needed 1.1 to 1.7 and 3.5.
"""

from dataclasses import dataclass
from typing import Self

import torch
from scipy import ndimage
from torch import Tensor

POOLED = 9  # pixels along a side over which a variance is averaged: samples are few
WIDENING = (0.8, 1.3)  # of amplitude and phase
NINETY = 1.645  # standard deviations from the middle to either end of a 90 % interval


@dataclass(frozen=True, eq=False)
class Spread:
    """Standard deviation of amplitude and of phase (radians) of `object`, float32 `(2, H, W)`."""

    object: Tensor
    std: Tensor

    @classmethod
    def of(cls, x: Tensor, samples: Tensor, widening: tuple[float, float] = WIDENING) -> Self:
        """About `x` `(H, W)`; `samples` `(k, H, W)` are in its gauge."""
        variance = torch.stack([parts_about(each, x).square() for each in samples]).mean(dim=0)
        size = (1, POOLED, POOLED)
        pooled = torch.from_numpy(ndimage.uniform_filter(variance.numpy(), size, mode="nearest"))
        return cls(x, torch.tensor(widening)[:, None, None] * pooled.clamp_min(0).sqrt())

    def interval(self) -> tuple[Tensor, Tensor]:
        """Lower and upper end, 90 %, of amplitude and phase `(2, H, W)`."""
        shown, reach = parts(self.object), NINETY * self.std
        lower = shown - reach
        lower[0].clamp_(min=0)
        return lower, shown + reach


def parts(x: Tensor) -> Tensor:
    """Amplitude and phase (−π to π), `(2, H, W)`."""
    return torch.stack([x.abs(), x.angle()])


def parts_about(x: Tensor, reference: Tensor) -> Tensor:
    """How far amplitude and phase of `x` are from those of `reference`, `(2, H, W)`.

    Phases differ by half a turn at most, so a jump from π to −π is none.
    """
    return torch.stack([x.abs() - reference.abs(), (x * reference.conj()).angle()])
