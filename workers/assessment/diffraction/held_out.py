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
