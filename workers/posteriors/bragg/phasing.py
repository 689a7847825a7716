"""Phases of a rocking curve by projections: error reduction and hybrid input–output.

Fienup, Applied Optics 21, 2758 (1982), with the support found on the way by shrink-wrap (Marchesini
et al., Phys. Rev. B 68, 140101, 2003). The wave is complex, as a strained crystal's is, and free
within the support; where nothing was counted its amplitude is held to nothing, and where the
detector does not count it is free.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

FEEDBACK = 0.9
ROUNDS, REDUCE, HYBRID, LAST = 2, 20, 180, 40  # iterations: rounds of both, then reduction alone
EVERY = 20  # iterations between two looks at the support
BLUR = (3.0, 1.0)  # pixels, of the modulus that the support is cut from, first and last
LEVEL = 0.12  # of the blurred modulus's peak
FIRST = 0.04  # of the autocorrelation's peak: the first support


@dataclass(frozen=True, eq=False)
class Crystal:
    """Complex density `(s, s, s)`, its support (bool), and the error of every iteration.

    The error is Σ(√I − |Ψ|)²/ΣI of the density within its support, as for scanning diffraction.
    """

    density: Tensor
    support: Tensor
    misfit: tuple[float, ...]


def phased(
    amplitude: Tensor,
    generator: torch.Generator,
    told: Callable[[int, float], None] = lambda iteration, error: None,
) -> Crystal:
    """The crystal whose transform has this amplitude, float32 `(s, s, s)`, zero frequency first.

    NaN where nobody knows the amplitude. Starts from phases that `generator` draws;
    `told(iteration, error)` may raise to stop.
    """
    known, amplitude = amplitude.isfinite(), amplitude.nan_to_num()
    angle = 2 * math.pi * torch.rand(amplitude.shape, generator=generator)
    density = torch.fft.ifftn(torch.polar(amplitude, angle), norm="ortho")
    support = _first_support(amplitude)
    whole, misfit = float(amplitude.square().sum()), list[float]()
    plan = (["reduce"] * REDUCE + ["hybrid"] * HYBRID) * ROUNDS + ["reduce"] * LAST
    for iteration, way in enumerate(plan):
        projected = _with_amplitude(density, amplitude, known)
        inside = torch.where(support, projected, 0)
        outside = density - FEEDBACK * projected if way == "hybrid" else torch.zeros_like(density)
        density = torch.where(support, projected, outside)
        if (iteration + 1) % EVERY == 0:
            support = _shrunk(inside, iteration / len(plan))
        if (iteration + 1) % EVERY == 0 or iteration + 1 == len(plan):
            misfit.append(_error(inside, amplitude, known) / whole)
            told(iteration, misfit[-1])
    return Crystal(torch.where(support, density, 0), support, tuple(misfit))


def _with_amplitude(density: Tensor, amplitude: Tensor, known: Tensor) -> Tensor:
    wave = torch.fft.fftn(density, norm="ortho")
    near = wave * (amplitude / wave.abs().clamp_min(1e-12))
    projected: Tensor = torch.fft.ifftn(torch.where(known, near, wave), norm="ortho")
    return projected


def _error(density: Tensor, amplitude: Tensor, known: Tensor) -> float:
    wave = torch.fft.fftn(density, norm="ortho")
    return float((wave.abs() - amplitude)[known].square().sum())


def _first_support(amplitude: Tensor) -> Tensor:
    """Where the autocorrelation is not small, at half its size: about the crystal's own."""
    correlation = torch.fft.ifftn(amplitude.square()).abs()
    wide = correlation > FIRST * correlation.max()
    half = torch.zeros_like(wide)
    for axis in range(3):
        reach = int(wide.any(dim=tuple({0, 1, 2} - {axis})).sum()) // 4 + 1
        along = torch.fft.fftfreq(len(amplitude)) * len(amplitude)
        near = (along.abs() <= reach).reshape([-1 if axis == each else 1 for each in range(3)])
        half = near.expand_as(wide) if axis == 0 else half & near
    return half


def _shrunk(density: Tensor, share: float) -> Tensor:
    """Where the blurred modulus is not small; the blur narrows as the search goes on."""
    width = BLUR[0] + (BLUR[1] - BLUR[0]) * share
    blurred = torch.fft.fftn(density.abs())
    frequency = torch.fft.fftfreq(len(density))
    squares = frequency[:, None, None].square() + frequency[:, None].square() + frequency.square()
    blurred = torch.fft.ifftn(blurred * torch.exp(-2 * (math.pi * width) ** 2 * squares)).real
    kept: Tensor = blurred > LEVEL * blurred.max()
    return kept
