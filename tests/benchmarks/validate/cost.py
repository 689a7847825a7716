"""Time and memory of the assessment alone, with samples that cost nothing to draw.

Everything a run asks of the assessment. The time excludes importing torch and making the samples;
the memory includes everything. Elements are judged one by one, so that a very large map can be too.
"""

import resource
from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter, process_time

import numpy as np
import torch
from torch import Tensor

from tests.benchmarks.validate.part import Bar, Figures, Part
from tests.benchmarks.validate.scenes import FACTOR, measured
from workers.assessment.blobs import blur
from workers.assessment.census import FeatureCensus
from workers.assessment.evidence import evidence_map, resolution_of_evidence, three_way
from workers.assessment.judgement import Scene, judge
from workers.assessment.risk import FeatureRisk, visible_error
from workers.assessment.smooth import smooth_image
from workers.assessment.spread import Spread
from workers.physics import PoissonNoise
from workers.physics.spectrum import fit_specimen
from workers.training.calibrate import Specimen
from workers.training.cards import card
from workers.training.scenes import rate_of

SEED = 34
TILE = 512  # a scene's side, fine pixels; larger maps are made of copies


@dataclass(frozen=True)
class Size:
    """A map to assess, fine pixels along a side."""

    elements: int
    side: int
    samples: int


USUAL = Size(10, TILE, 16)
LARGE = Size(1, 8 * TILE, 6)
BARS = {
    "cpu.seconds_512x512x10_16samples": Bar("assessment of such a run, seconds", high=90),
    "cpu.core_seconds_512x512x10_16samples": Bar(
        "the same as the processor counts it, which other work does not lengthen"
    ),
    "cpu.peak_gb": Bar("its memory, GB", high=4),
    "cpu.peak_gb_4096x4096": Bar("memory for one element of 4096 × 4096, GB", high=8),
}


def _units() -> Sequence[Size]:
    return (USUAL, LARGE)  # in this order: the memory of a process only grows


def _work(size: Size) -> Figures:
    torch.set_num_threads(1)  # the second core is somebody else's
    found, rng = _specimen(size)
    truth = torch.from_numpy(found.truth)
    spread = 0.2 * (truth + 1)
    clock = Clock()
    with clock:
        scene, estimate, tau = pictures(found, truth, spread)
        least = torch.maximum(tau, spread.mean(dim=(1, 2)))
        census = FeatureCensus(estimate, least, torch.ones(size.side, size.side).bool())
    for _ in range(size.samples):
        white = torch.from_numpy(rng.standard_normal(truth.shape, np.float32))
        sample = (truth + 3 * spread * torch.stack([blur(one, 1.5) for one in white])).clamp(min=0)
        with clock:
            census.add(sample)
            found.forward.chi2(sample, torch.from_numpy(found.y), scene.noise)
    with clock:
        risk = FeatureRisk.from_card(card()["feature_risk"][str(FACTOR)])
        risk.probability(judge(census.shown(), scene).covariates())
        judge(census.missed(), scene)
    return {
        "seconds": clock.seconds,
        "core_seconds": clock.core_seconds,
        "peak_gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9,
        "features": float(len(census.features)),
    }


class Clock:
    """Adds up the time spent inside `with`: on the wall, and as the processor counts it."""

    seconds = core_seconds = 0.0

    def __enter__(self) -> None:
        self._began = perf_counter(), process_time()

    def __exit__(self, *_: object) -> None:
        self.seconds += perf_counter() - self._began[0]
        self.core_seconds += process_time() - self._began[1]


def _specimen(size: Size) -> tuple[Specimen, np.random.Generator]:
    rng = np.random.default_rng(SEED)
    rate = np.concatenate([rate_of(n, SEED, TILE) for n in range(3)])[: size.elements]
    copies = size.side // TILE
    return measured(4 * np.tile(rate, (1, copies, copies)), rng), rng


def pictures(found: Specimen, estimate: Tensor, std: Tensor) -> tuple[Scene, Tensor, Tensor]:
    """Every picture that needs no samples: smooth, split, evidence, pixel risk, residuals."""
    y, forward = torch.from_numpy(found.y), found.forward
    mask, noise = torch.ones(y.shape[1:], dtype=torch.bool), PoissonNoise(torch.ones(len(y)))
    estimate = forward.consistency(estimate, y, noise, mask)
    fits = [fit_specimen(forward, one.astype(np.float64), 1.0, mask.numpy()) for one in found.y]
    smooth = smooth_image(y, forward, noise, fits, mask)
    three_way(estimate, smooth, forward)
    tau = visible_error(estimate, torch.ones(estimate.shape[1:], dtype=torch.bool))
    spread = Spread.from_card(card()["calibration"][f"binned.x{FACTOR}"])
    spread.halfwidth("0.9", estimate, std)
    spread.pixel_risk(estimate, std, tau)
    scene = Scene(forward, noise, fits, mask, std, forward.expected(smooth))
    evidence_map(scene.smooth_mean, forward, noise.variance_factor, fits, mask)
    forward.residuals(estimate, y, noise, mask)
    for fit in fits:
        resolution_of_evidence(forward, fit)
    return scene, estimate, tau


def _figures(rows: Sequence[Figures]) -> Figures:
    usual, large = rows
    return {
        "cpu.seconds_512x512x10_16samples": usual["seconds"],
        "cpu.core_seconds_512x512x10_16samples": usual["core_seconds"],
        "cpu.peak_gb": usual["peak_gb"],
        "cpu.features": usual["features"],
        "cpu.peak_gb_4096x4096": large["peak_gb"],
        "cpu.core_seconds_4096x4096_6samples": large["core_seconds"],
    }


PART = Part("cost", BARS, _units, _work, _figures, seeds=(SEED,), alone=True)
