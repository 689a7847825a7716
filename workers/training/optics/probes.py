"""Probes drawn at random: lenses and zone plates, out of focus, with aberrations.

A pupil in the far field (disc or ring, soft edges) with a phase of low polynomials; its transform
is the probe. None is taken from an instrument.
"""

import math

import numpy as np
import torch
from torch import Tensor

from workers.physics.propagation import inverse_fourier


def drawn_probe(side: int, rng: np.random.Generator) -> Tensor:
    """A probe complex64 `(side, side)` of power 1 in the middle of its field.

    Its pupil fills 15 to 45 % of the detector's half width, and defocus spreads it over 15 to 60 %
    of the field, so that every pair is sampled.
    """
    frequency = torch.fft.fftfreq(side)
    rows, columns = frequency[:, None], frequency[None]
    stretch = float(rng.uniform(0.8, 1.25))
    radius = ((rows * stretch).square() + (columns / stretch).square()).sqrt()
    edge = float(rng.uniform(0.075, 0.225))
    soft = float(rng.uniform(0.004, 0.02))
    pupil = torch.sigmoid((edge - radius) / soft)
    if rng.random() < 0.5:  # a central stop, as zone plates have
        pupil = pupil * torch.sigmoid((radius - edge * float(rng.uniform(0.2, 0.6))) / soft)
    pupil = pupil * torch.exp(_phase(rows / edge, columns / edge, side * edge, rng) * 1j)
    probe: Tensor = torch.fft.fftshift(inverse_fourier(pupil.to(torch.complex64)))
    unit: Tensor = probe / probe.abs().square().sum().sqrt()
    return unit


def _phase(u: Tensor, v: Tensor, waves: float, rng: np.random.Generator) -> Tensor:
    """Radians over pupil coordinates (1 at its edge): defocus, astigmatism, coma, sphere, tilt.

    A defocus of π a r² moves the rim's light by a/edge pixels: `waves` = side · edge makes the
    spread a share of the field.
    """
    spread = float(rng.uniform(0.15, 0.6)) / 2
    square = u.square() + v.square()
    defocus = math.pi * spread * waves * float(rng.choice([-1, 1])) * square
    weak = rng.normal(0, (0.6, 0.6, 0.4, 0.4, 0.3)).tolist()
    parts = (u.square() - v.square(), 2 * u * v, u * square, v * square, square.square())
    aberrations = sum(weight * part for weight, part in zip(weak, parts, strict=True))
    phase: Tensor = (defocus + aberrations) * (square < 4)
    return phase
