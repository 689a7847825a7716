"""Seconds an event takes, and the same samples with the adaptive solver of the published system.

Fixed steps are those of the recipe; the adaptive solver is Dormand and Prince's of order 5(4) with
both tolerances at 1e-4 (arXiv 2409.16052), on the same velocity, a whole batch together.
"""

import math
import os
from time import perf_counter

import numpy as np
import torch
from scipy.integrate import solve_ivp
from torch import Tensor

from tests.benchmarks.calorimeter_events import EventSet, Figures
from workers.networks.flownet import integrate
from workers.posteriors.calorimeter.model import BATCH, STEPS, ShowerModel

SAMPLES = 8
CORES = 2
TOLERANCE = 1e-4


def speed(model: ShowerModel, events: EventSet) -> Figures:
    """Of the first batch of `events`, on at most CORES threads."""
    energies = torch.from_numpy(events.energies[:BATCH])
    kept = torch.from_numpy(events.kept[:BATCH])
    threads = torch.get_num_threads()
    torch.set_num_threads(min(CORES, os.cpu_count() or 1))
    try:
        began = perf_counter()
        model.estimate(energies, kept)
        model.samples(energies, kept, SAMPLES, torch.Generator().manual_seed(0))
        seconds = (perf_counter() - began) / len(kept)
        fixed, adaptive, asked = _solvers(model, energies, kept)
    finally:
        torch.set_num_threads(threads)
    return {
        "seconds_per_event": seconds,
        "adaptive_over_fixed": adaptive / fixed,
        "adaptive_evaluations": asked,
        "fixed_evaluations": float(STEPS),
    }


@torch.inference_mode()
def _solvers(model: ShowerModel, energies: Tensor, kept: Tensor) -> tuple[float, float, float]:
    """Seconds of one sample of every event: fixed steps, adaptive ones; evaluations of these."""
    split = model.split(energies, kept)
    given = model.flow.condition(split, kept.any(dim=1, keepdim=True))
    shape = (len(kept), model.flow.channels, *kept.shape[-2:])
    start = torch.randn(shape, generator=torch.Generator().manual_seed(1))
    began = perf_counter()
    integrate(model.flow, start, given, STEPS)
    fixed = perf_counter() - began

    def velocity(angle: float, x: np.ndarray) -> np.ndarray:
        there = torch.from_numpy(x.astype(np.float32)).reshape(shape)
        found: np.ndarray = model.flow(there, torch.full((len(kept),), angle), given).numpy()
        return found.ravel()

    began = perf_counter()
    solved = solve_ivp(
        velocity, (0, math.pi / 2), start.numpy().ravel(), rtol=TOLERANCE, atol=TOLERANCE
    )
    return fixed, perf_counter() - began, float(solved.nfev)
