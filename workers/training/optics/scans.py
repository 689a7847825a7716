"""Scans drawn at random: a probe over a specimen at jittered places, counted."""

import numpy as np
import torch
from torch import Tensor

from workers.physics.propagation import FarField
from workers.physics.ptychography import Ptychography
from workers.posteriors.diffraction.scan import Scan, scan_of
from workers.training.optics.probes import drawn_probe
from workers.training.optics.specimens import drawn_specimen

COUNTS = (4e3, 1e6)  # in a frame, drawn evenly in the logarithm
OVERLAP = (0.6, 0.85)  # of the diameter that holds most of the probe


def drawn_scan(
    frames: int, side: int, rng: np.random.Generator, generator: torch.Generator
) -> tuple[Scan, Tensor]:
    """A scan of so many frames and its probe `(1, side, side)`, with power in counts.

    Frames lie in a square grid about their middle, each off by up to a third of a step.
    """
    probe = drawn_probe(side, rng)
    step = max(2.0, (1 - float(rng.uniform(*OVERLAP))) * diameter(probe))
    across = int(np.ceil(frames**0.5))
    grid = np.stack(np.divmod(np.arange(frames), across), axis=1).astype(np.float64)
    places = torch.from_numpy(step * (grid + rng.uniform(-1 / 3, 1 / 3, grid.shape)))
    empty = scan_of(torch.zeros(frames, side, side), places, FarField())
    counts = float(np.exp(rng.uniform(*np.log(COUNTS))))
    model = Ptychography(probe[None] * counts**0.5, empty.places, empty.shape, FarField())
    mean = model.expected(drawn_specimen(empty.shape, rng))
    scan = Scan(torch.poisson(mean, generator), empty.places, empty.shape, FarField())
    return scan, model.probe * (scan.power / counts) ** 0.5


def diameter(probe: Tensor) -> float:
    """Pixels across a uniform disc with the probe's second moment: 4 times its deviation."""
    power = probe.abs().square() / probe.abs().square().sum()
    along = torch.arange(len(probe), dtype=torch.float32)
    middle = (power.sum(dim=1) * along).sum(), (power.sum(dim=0) * along).sum()
    away = (along[:, None] - middle[0]).square() + (along - middle[1]).square()
    return float(2 * (2 * (power * away).sum()).sqrt())
