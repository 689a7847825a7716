"""What several starts on one rocking curve have in common, and on which scale they differ."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from workers.posteriors.bragg.alike import alike
from workers.posteriors.bragg.phasing import Crystal

SHARE = 0.5


@dataclass(frozen=True, eq=False)
class Agreement:
    """Starts made comparable with the best one: `density` complex `(k, s, s, s)`, the best first.

    The best one's middle lies in the middle of the cube, its phase is 0 on average. `least`: the
    lowest correlation of any two. `transfer`: the share of amplitude that is left when the starts
    are averaged, over the measured one, of each shell of `frequency` (cycles per voxel): the phase
    retrieval transfer function (Chapman et al., J. Opt. Soc. Am. A 23, 1179, 2006).
    """

    density: Tensor
    least: float
    frequency: NDArray[np.float64]
    transfer: NDArray[np.float64]

    @property
    def period(self) -> float | None:
        """Voxels of the period up to which every shell keeps half; None where none does."""
        lost = np.flatnonzero(self.transfer < SHARE)
        last = (int(lost[0]) if len(lost) else len(self.transfer)) - 1
        return 1 / float(self.frequency[last]) if last > 0 else None


def agreement(found: Sequence[Crystal], amplitude: Tensor) -> Agreement:
    """Of two starts or more on `amplitude` `(s, s, s)`, zero frequency first."""
    best = min(found, key=lambda each: each.misfit[-1])
    reference = centred(best.density)
    others = [alike(each.density, reference)[0] for each in found if each is not best]
    density = torch.stack([reference, *others])
    least = min(alike(one.density, other.density)[1] for one, other in combinations(found, 2))
    return Agreement(density, least, *_transfer(density, amplitude))


def centred(density: Tensor) -> Tensor:
    """The same crystal, its middle in the middle of the cube, its phase 0 on average."""
    side, weight = len(density), density.abs().square()
    angle = 2 * torch.pi * torch.arange(side) / side
    shift = []
    for axis in range(3):
        along = weight.sum(dim=tuple({0, 1, 2} - {axis}))
        # A mean on the circle: the crystal may lie across the border of the cube.
        turn = torch.complex((along * angle.cos()).sum(), (along * angle.sin()).sum()).angle()
        shift.append(side // 2 - round(float(turn) * side / (2 * torch.pi)))
    rolled = density.roll(shift, dims=(0, 1, 2))
    mean = rolled.sum()
    upright: Tensor = rolled * (mean.conj() / mean.abs().clamp_min(1e-30))
    return upright


def _transfer(
    density: Tensor, amplitude: Tensor
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Frequency and transfer of each shell up to half a cycle per voxel."""
    mean = torch.fft.fftn(density.mean(dim=0), norm="ortho").abs()
    known = amplitude.isfinite() & (amplitude > 0)
    side = len(amplitude)
    squares = (torch.fft.fftfreq(side) * side).square()
    shells = (squares[:, None, None] + squares[:, None] + squares).sqrt().round().long()
    lit = shells[known]
    left = torch.bincount(lit, (mean[known]).double(), minlength=side)
    whole = torch.bincount(lit, amplitude[known].double(), minlength=side)
    kept = (whole[: side // 2 + 1] > 0).numpy()
    frequency = np.arange(side // 2 + 1) / side
    share = (left / whole.clamp_min(1e-30))[: side // 2 + 1].numpy()
    return frequency[kept], share[kept]
