"""How well frames are explained that had no part in a reconstruction."""

import torch

from workers.physics.noise import PoissonNoise
from workers.posteriors.diffraction.scan import Scan
from workers.posteriors.diffraction.solver import Reconstruction


def deviance(found: Reconstruction, frames: Scan, gain: float = 1.0) -> float:
    """Mean Poisson deviance per pixel of these frames; about 1 for pure noise of many counts.

    `gain` is their variance over their mean: 1 for counted photons, above where one particle
    lights several pixels. Below 1 comes from pixels that are mostly empty.
    """
    noise = PoissonNoise(torch.tensor(gain))
    lost = sum(float(noise.deviance(mean, counts).sum()) for counts, mean in found.compared(frames))
    pixels = frames.frames[0].numel() if frames.mask is None else int(frames.mask.sum())
    return lost / (pixels * len(frames.frames))


def frame_ratios(found: Reconstruction, frames: Scan, gain: float = 1.0) -> torch.Tensor:
    """Deviance of each frame over what noise alone would give, `(n,)`: 1 where it is explained.

    Unlike `deviance` this is 1 for noise at any count, also where most pixels are empty.
    """
    noise = PoissonNoise(torch.tensor(gain))
    mask = frames.mask
    return torch.cat([noise.chi2(mean, counts, mask) for counts, mean in found.compared(frames)])


def deviance_ratio(found: Reconstruction, frames: Scan, gain: float = 1.0) -> float:
    """The median of `frame_ratios`: a few frames that went wrong do not count."""
    return float(frame_ratios(found, frames, gain).median())


def mean_frame_ratio(kept: Scan, out: Scan, gain: float = 1.0) -> float:
    """The same ratio of frames left `out` for the simplest model: each is the mean of those `kept`.

    An object that does no better, does not show in the frames: at a low dose, or out of tune.
    """
    mean = kept.frames.mean(dim=0).expand(out.frames.shape)
    return float(PoissonNoise(torch.tensor(gain)).chi2(mean, out.frames, out.mask).median())
