"""Samples of the unseen detail beside their rivals: `python -m tests.benchmarks.diffusion`.

Prints a table and writes results/diffusion.json: flat dotted keys -> numbers, means over the seeds
with a 95 % interval beside, `commit`, `seeds`, `device`, `seconds`, `missing`.
"""

import argparse
import os
import re
import signal
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter

import numpy as np
import torch
from numpy.typing import NDArray

from tests.benchmarks import cpu, stock_unet, synthetic
from tests.benchmarks.direct import load_direct
from tests.benchmarks.guide import guide_on_obj1, guide_on_rocks
from tests.benchmarks.protocol import confidence_95, ranges
from tests.benchmarks.specimens import specimen
from tests.benchmarks.xray import commit, device, say, write
from workers.assessment.scores import coverage_of_extremes, fair_crps
from workers.physics import PoissonNoise, forward_model
from workers.posteriors.cells import interpolate
from workers.posteriors.flow import FlowModel, FlowPosterior, white_noise
from workers.posteriors.latent import fine_scale
from workers.posteriors.posterior import CellPosterior, Model, silent
from workers.training.registry import load_ensemble, load_flow, load_latent

RESULTS = Path(__file__).parent / "results" / "diffusion.json"
SEEDS = (1, 2, 3)
SPECIMENS = 12  # per seed
FEW = 6  # per seed, of one texture or with rare grains
SAMPLES = 16
NOMINAL = coverage_of_extremes(SAMPLES)
DETAIL = 0.02  # of the range: a pixel whose predicted spread exceeds this has detail to get wrong
NOISE_FREE = 1e5  # counts in a block as bright as the peak: as good as none
BARS = {
    "synthetic.x4.crps_ratio_to_regression": (0.0, 0.75),
    "synthetic.x4.crps_ratio_to_gaussian": (0.0, 0.72),
    "synthetic.x4.coverage_gap_detail": (-np.inf, 0.03),
    "synthetic.dose100.psnr_gain_over_bicubic_db": (4.7, np.inf),
    "synthetic.texture.oscillatory.spread_ratio": (0.8, 1.3),
    "synthetic.texture.symplectite.spread_ratio": (0.8, 1.3),
    "obj1.split.x4.crps_ratio_to_regression": (0.0, 0.93),
    "obj1.split.x4.element_correlation_error": (0.0, 0.1),
    "obj1.guide_minus_unguided_db": (-0.05, np.inf),
    "rare_bright_phase.max_ratio": (0.0, 1.2),
    "cpu.seconds_512_x4_16samples_one_element": (0.0, 6.0),
    "ratio.seconds_to_stock_unet_step": (0.0, 1 / 30),
}
COLUMNS = {  # of the table of samplers: where a figure was measured, and its name there
    "CRPS ratio": ("synthetic.x4.", "crps_ratio_to_regression"),
    "coverage gap": ("synthetic.x4.", "coverage_gap_detail"),
    "spread ratio": ("synthetic.x4.", "spread_ratio"),
    "obj1 CRPS": ("obj1.split.x4.", "crps_ratio_to_regression"),
    "obj1 pairs": ("obj1.split.x4.", "element_correlation_error"),
}
RIVAL_KEY = r"synthetic\.x4\.rival\.\w+\.spread_ratio"
Figures = dict[str, float]
Values = NDArray[np.float64]


class IndependentGaussian(FlowPosterior):
    """The rival of every sampler: white noise of the spread the regression predicts."""

    def _residual(self, k: int, generator: torch.Generator) -> torch.Tensor:
        e, n, h, w = self.prediction.mean.shape[1:]
        return white_noise(generator.initial_seed(), k, (e, n, h, w))


@dataclass(frozen=True)
class Drawn:
    """What one estimator says of a specimen, in the units of its truth."""

    estimate: Values  # (e, H, W)
    samples: Values  # (k, e, H, W)
    std: Values  # (e, H, W), predicted before any sample


def estimators() -> dict[str, Callable[[NDArray[np.float32]], CellPosterior]]:
    """By name: ours, and the rivals that draw samples of the same map."""
    flow = load_flow(4)
    return {
        "flow": partial(_posterior, flow),
        "gaussian": partial(_gaussian, flow),
        "ensemble": partial(_posterior, load_ensemble(4)),
        "latent": partial(_posterior, load_latent(4)),
        "direct": partial(_posterior, load_direct()),
    }


def stem_of(part: str, name: str) -> str:
    """What the keys of one estimator start with: those of ours name nobody."""
    return part if name == "flow" else f"{part}rival.{name}."


def _posterior(model: Model, y: NDArray[np.float32]) -> CellPosterior:
    mask, noise = np.ones(y.shape[1:], bool), PoissonNoise(torch.ones(len(y)))
    return model.posterior(y, mask, forward_model("binned", 4), noise)


def _gaussian(model: FlowModel, y: NDArray[np.float32]) -> CellPosterior:
    mask, noise = np.ones(y.shape[1:], bool), PoissonNoise(torch.ones(len(y)))
    return IndependentGaussian(model, y, mask, forward_model("binned", 4), noise, False, silent)


def drawn(posterior: CellPosterior, seed: int) -> Drawn:
    samples = posterior.sample(SAMPLES, torch.Generator().manual_seed(seed))
    return Drawn(
        posterior.estimate.numpy().astype(float),
        np.stack([sample.numpy() for sample in samples]).astype(float),
        posterior.std.numpy().astype(float),
    )


def scores(found: Drawn, truth: Values, peak: Values) -> Figures:
    """Of one specimen, everything relative to the range of each element."""
    scale = np.maximum(peak, 1e-6)[:, None, None]
    estimate, samples, true = found.estimate / scale, found.samples / scale, truth / scale
    detail = found.std / scale > DETAIL
    block_means = np.kron(synthetic.blocks(true), np.ones((1, 4, 4)))
    real_detail = np.abs(true - block_means) > DETAIL
    inside = (samples.min(0) <= true) & (true <= samples.max(0))
    mean = samples.mean(0)
    variance = samples.var(0, ddof=1).mean()
    # A mean of k samples is off by 1/k of their variance besides.
    squared = ((mean - true) ** 2).mean() - variance / SAMPLES
    crps = np.mean([fair_crps(samples[:, i], true[i]) for i in range(len(true))])
    return {
        "crps": float(crps),
        "mae": float(np.abs(estimate - true).mean()),
        "coverage_gap_detail": NOMINAL - float(inside[detail].mean()),
        "coverage_gap_true_detail": NOMINAL - float(inside[real_detail].mean()),
        "spread_ratio": float(np.sqrt(variance / squared)),
        "max_ratio": float(estimate[0].max() / true[0].max()),
        "max_ratio_of_samples": float(samples[:, 0].max() / true[0].max()),
    }


def mean_scores(name: str, specimens: Iterable[synthetic.Specimen], seed: int) -> Figures:
    """Means over the specimens of one seed, of one estimator."""
    make = estimators()[name]
    rows = [scores(drawn(make(s.y), seed), s.truth.astype(float), s.peak) for s in specimens]
    means = {key: float(np.nanmean([row[key] for row in rows])) for key in rows[0]}
    return means | {"worst_max_ratio": max(row["max_ratio"] for row in rows)}


def on_rocks(seed: int) -> Figures:
    """Noise-free rocks: ours against the regression, independent Gaussians, the ensemble."""
    found = {
        name: mean_scores(name, synthetic.rocks(seed, SPECIMENS, NOISE_FREE), seed)
        for name in estimators()
    }
    ours = found["flow"]
    figures = {
        "synthetic.x4.crps_ratio_to_regression": ours["crps"] / ours["mae"],
        "synthetic.x4.crps_ratio_to_gaussian": ours["crps"] / found["gaussian"]["crps"],
        "synthetic.x4.crps_ratio_to_ensemble": ours["crps"] / found["ensemble"]["crps"],
        "synthetic.x4.regression.mae_percent": 100 * ours["mae"],
    }
    for name, each in found.items():
        stem = stem_of("synthetic.x4.", name)
        for key in ("coverage_gap_detail", "coverage_gap_true_detail", "spread_ratio"):
            figures[stem + key] = each[key]
        figures[stem + "crps_percent"] = 100 * each["crps"]
        figures[stem + "crps_ratio_to_regression"] = each["crps"] / ours["mae"]
    figures |= {"synthetic.x4.rival.latent.ceiling_db": latent_ceiling(seed)}
    return figures


def latent_ceiling(seed: int) -> float:
    """PSNR of the *truth* after the latent of the literal model: no sample in it is better."""
    net, values = load_latent(4).autoencoder, []
    for s in synthetic.rocks(seed, SPECIMENS, NOISE_FREE):
        scale = fine_scale(torch.from_numpy(s.y), synthetic.FACTOR)
        truth = torch.from_numpy(s.truth)
        with torch.inference_mode():
            again = net.decode(net.encode((truth / scale)[:, None]))[:, 0] * scale
        error = ((again - truth).numpy() / np.maximum(s.peak, 1e-6)[:, None, None]) ** 2
        values.append(np.mean(-10 * np.log10(error.mean((1, 2)))))
    return float(np.mean(values))


def at_low_dose(seed: int) -> Figures:
    """A hundred counts in a bright block: what the regression gains over bicubic."""
    gains, ratios = [], []
    make = estimators()["flow"]
    for s in synthetic.rocks(seed, SPECIMENS, 100.0):
        bicubic = interpolate(torch.from_numpy(s.y)[:, None], "binned", 4)[:, 0].clamp(min=0)
        scale = np.maximum(s.peak, 1e-6)[:, None, None]
        found = drawn(make(s.y), seed)
        ours = scores(found, s.truth.astype(float), s.peak)
        errors = (((image - s.truth) / scale) ** 2 for image in (bicubic.numpy(), found.estimate))
        theirs, our = (error.mean((1, 2)) for error in errors)
        gains.append(float(np.mean(10 * np.log10(theirs / our))))  # mean of dB over elements
        ratios.append(ours["crps"] / ours["mae"])
    return {
        "synthetic.dose100.psnr_gain_over_bicubic_db": float(np.mean(gains)),
        "synthetic.dose100.crps_ratio_to_regression": float(np.mean(ratios)),
    }


def on_textures(seed: int) -> Figures:
    """Whether spread is as wide as the error where the estimate flattens what it cannot see."""
    figures = {}
    for texture in synthetic.SINGLE_TEXTURES:
        for name in ("flow", "ensemble"):
            specimens = synthetic.single_texture(texture, seed, FEW, 1e4)
            stem = stem_of(f"synthetic.texture.{texture}.", name)
            figures[stem + "spread_ratio"] = mean_scores(name, specimens, seed)["spread_ratio"]
    return figures


def on_rare_grains(seed: int) -> Figures:
    """A rare phase 30 times brighter than everything else: does anything run away?"""
    found = mean_scores("flow", synthetic.rare_bright(seed, FEW, 1e4), seed)
    return {
        "rare_bright_phase.max_ratio": found["max_ratio"],
        "rare_bright_phase.worst_max_ratio": found["worst_max_ratio"],
        "rare_bright_phase.max_ratio_of_samples": found["max_ratio_of_samples"],
    }


def on_obj1(seed: int) -> Figures:
    """Half of the real counts, binned, shown; predictions counted and scored on the other half."""
    found = specimen("obj1")
    rng = np.random.default_rng(seed)
    first = rng.binomial(found.counts, 0.5)
    scored = list(found.scored)
    second = (found.counts - first)[scored].astype(float)
    y = (synthetic.blocks(first.astype(float)) * synthetic.FACTOR**2).astype(np.float32)
    peak = ranges(found.counts[scored]) / 2
    figures: Figures = {}
    for name, make in estimators().items():
        one = drawn(make(y), seed)
        rates = one.samples[:, scored] / synthetic.FACTOR**2
        counted = rng.poisson(rates).astype(float)
        flat = one.estimate[scored] / synthetic.FACTOR**2
        regression = rng.poisson(np.broadcast_to(flat, rates.shape)).astype(float)
        ours, plain = (relative_crps(x, second, peak) for x in (counted, regression))
        stem = stem_of("obj1.split.x4.", name)
        figures[stem + "crps_ratio_to_regression"] = ours / plain
        figures[stem + "element_correlation_error"] = correlation_error(counted, second)
        figures[f"{stem}regression.element_correlation_error"] = correlation_error(
            regression, second
        )
    return figures


def relative_crps(samples: Values, truth: Values, peak: Values) -> float:
    each = [fair_crps(samples[:, i], truth[i]) / peak[i] for i in range(len(truth))]
    return float(np.mean(each))


def correlation_error(samples: Values, truth: Values) -> float:
    """Mean |difference of Pearson r| over pairs of elements, of the detail inside blocks."""
    pairs = np.triu_indices(len(truth), 1)
    true = detail_correlation(truth)[pairs]
    ours = np.mean([detail_correlation(sample)[pairs] for sample in samples], axis=0)
    return float(np.abs(ours - true).mean())


def detail_correlation(values: Values) -> Values:
    """Pearson r between elements `(e, e)` of what lies within blocks."""
    inside = values - np.kron(synthetic.blocks(values), np.ones((1, 4, 4)))
    return np.corrcoef(inside.reshape(len(values), -1))


def seconds() -> Figures:
    """One thread: one element from 128 × 128 to 512 × 512 with 16 samples, and one step of each."""
    torch.set_num_threads(1)
    make = estimators()["flow"]
    y = np.random.default_rng(0).poisson(50, (1, 128, 128)).astype(np.float32)
    drawn(make(y[:, :32, :32]), 0)  # the first call also warms up
    began = perf_counter()
    drawn(make(y), 0)
    figures = {"cpu.seconds_512_x4_16samples_one_element": perf_counter() - began}
    flow = load_flow(4).flow
    start, given = torch.randn(1, 1, 16, 128, 128), torch.randn(1, 1, flow.width, 128, 128)
    began = perf_counter()
    with torch.inference_mode():
        flow(start, torch.zeros(1), given)
    ours = perf_counter() - began
    try:
        stock = stock_unet.seconds_in_its_own_environment()
    except LookupError as reason:
        say(f"The stock network is missing: {reason.args[0]}")
        return figures
    return figures | {
        "ratio.seconds_to_stock_unet_step": ours / stock,
        "cpu.seconds_flow_step": ours,
        "cpu.seconds_stock_unet_step": stock,
    }


PARTS = (
    on_rocks,
    at_low_dose,
    on_textures,
    on_rare_grains,
    on_obj1,
    guide_on_obj1,
    guide_on_rocks,
)


def benchmark() -> Figures:
    """Every figure that this machine has data and weights for, means over the seeds."""
    began = perf_counter()
    pool = ProcessPoolExecutor(
        cpu.THREADS, mp_context=get_context("spawn"), initializer=_one_thread
    )
    jobs = [(part, seed, pool.submit(part, seed)) for seed in SEEDS for part in PARTS]
    rows: dict[str, list[float]] = {}
    for part, seed, job in jobs:
        try:
            for key, value in job.result().items():
                rows.setdefault(key, []).append(value)
            say(f"{part.__name__}, seed {seed}: {perf_counter() - began:.0f} s")
        except LookupError as reason:
            say(f"{part.__name__} is missing: {reason.args[0]}")
    pool.shutdown()
    figures: Figures = {}
    for key, values in rows.items():
        figures[key] = float(np.mean(values))
        figures[f"{key}.ci95_low"], figures[f"{key}.ci95_high"] = confidence_95(values)
    return figures | seconds()


def _one_thread() -> None:
    torch.set_num_threads(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def table(figures: Figures) -> str:
    """Ours and the bar, one line for each key that has one."""
    lines = [f"{'key':48}{'ours':>8}  {'95 % interval':18}{'bar':12}"]
    for key, (low, high) in BARS.items():
        ours = figures.get(key)
        if ours is None:
            lines.append(f"{key:48}{'missing':>8}")
            continue
        interval = (
            f"{figures[f'{key}.ci95_low']:.3f} to {figures[f'{key}.ci95_high']:.3f}"
            if f"{key}.ci95_low" in figures
            else ""
        )
        bar = (
            f">= {low:g}" if high == np.inf else f"<= {high:g}" if low <= 0 else f"{low:g}-{high:g}"
        )
        verdict = "holds" if low <= ours <= high else "missed"
        lines.append(f"{key:48}{ours:8.3f}  {interval:18}{bar:12}{verdict}")
    return "\n".join(lines)


def table_of_samplers(figures: Figures) -> str:
    """Ours and every rival side by side, on synthetic rocks and on the real counts of obj1."""
    rivals = [key.split(".")[3] for key in figures if re.fullmatch(RIVAL_KEY, key)]
    lines = ["", f"{'samples of':12}" + "".join(f"{title:>15}" for title in COLUMNS)]
    for name in ["flow", *rivals]:
        values = [figures.get(stem_of(part, name) + key) for part, key in COLUMNS.values()]
        shown = ("missing" if value is None else f"{value:.3f}" for value in values)
        lines.append(f"{name:12}" + "".join(f"{each:>15}" for each in shown))
    return "\n".join(lines)


def main() -> int:
    argparse.ArgumentParser(description=__doc__).parse_args()
    began, measured = perf_counter(), commit()
    figures = benchmark()
    missing = [key for key in BARS if key not in figures]
    say(table(figures))
    say(table_of_samplers(figures))
    facts = {"commit": measured, "seeds": list(SEEDS), "device": device(), "missing": missing}
    write(RESULTS, figures, {**facts, "seconds": round(perf_counter() - began, 1)})
    say(f"Written to {RESULTS}")
    return 1 if missing and os.environ.get("CI") == "true" else 0


if __name__ == "__main__":
    sys.exit(main())
