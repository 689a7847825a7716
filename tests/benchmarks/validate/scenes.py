"""Simulated specimens of the validation: truth is known, and nothing was trained or fitted on them.

Seeds of scenes that others used: 1 and 11 trained networks, 2, 3, 12 and 13 served their cards,
1001 to 1003 the diffusion benchmark.
"""

from dataclasses import dataclass

import numpy as np
import torch

from workers.physics import forward_model
from workers.training.calibrate import ELEMENTS, SIDE, Specimen
from workers.training.scenes import rate_of

CALIBRATION, TEST = 31, 32
FACTOR = 4
LEAST_DOSE, MOST_DOSE = 1 / 16, FACTOR**2  # as the networks were trained: short scans to long ones


@dataclass(frozen=True)
class Name:
    """Specimen `number` of the set whose scenes follow from `seed`."""

    seed: int
    number: int

    @property
    def rng(self) -> np.random.Generator:
        """Everything about its measurement that is drawn, apart from the scene."""
        return np.random.default_rng([self.seed, self.number, 41])


def scene_of(name: Name) -> tuple[np.ndarray, np.random.Generator]:
    """The truth of a specimen `(e, H, W)`, counts per measured dwell, and what else is drawn."""
    rng = name.rng
    rate = rate_of(name.number, name.seed, 2 * SIDE)
    top, left = rng.integers(0, rate.shape[1] - SIDE + 1, 2)
    chosen = rng.permutation(len(rate))[:ELEMENTS]
    dose = np.exp(rng.uniform(np.log(LEAST_DOSE), np.log(MOST_DOSE)))
    truth = rate[chosen, top : top + SIDE, left : left + SIDE] * np.float32(dose)
    return truth, rng


def measured(truth: np.ndarray, rng: np.random.Generator) -> Specimen:
    """Counts in blocks of four drawn from a truth."""
    forward = forward_model("binned", FACTOR)
    mean = forward.expected(torch.from_numpy(truth)).clamp(min=0).numpy()
    return Specimen(rng.poisson(mean).astype(np.float32), truth, forward)


def specimen(name: Name) -> Specimen:
    """The specimen, measured."""
    return measured(*scene_of(name))
