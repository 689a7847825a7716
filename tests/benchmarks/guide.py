"""What an electron image is worth to the null-space flow at ×4, on real and on synthetic rocks."""

import dataclasses

import numpy as np
import tifffile
import torch
from numpy.typing import NDArray
from torch import Tensor

from tests.benchmarks import synthetic
from tests.benchmarks.protocol import ranges
from tests.benchmarks.specimens import specimen
from tests.data import DATA
from workers.physics import PoissonNoise, forward_model
from workers.posteriors.flow import FlowModel
from workers.posteriors.guided.gate import Guidance, guided
from workers.posteriors.guided.registration import warp
from workers.training.minerals import scene
from workers.training.registry import load_flow, load_guide
from workers.training.train_guide import displacement

SIDE = 256  # fine pixels: a coarser trial needs room
ROCKS = 4  # per seed and displacement
DISPLACED = (0.0, 1.0, 2.0)  # fine pixels, root mean square, before registration
DOSE = 300.0  # counts in a block as bright as the peak
Figures = dict[str, float]
Values = NDArray[np.float64]


def guide_on_obj1(seed: int) -> Figures:
    """The real electron image: decibels gained over no guide, all counts and a sixteenth of them.

    The image is used where its trial says so; `forced` is what it does when used for all elements.
    """
    found = specimen("obj1")
    image = tifffile.imread(DATA / "xray" / "amnh-meteorite-obj1" / "obj1_8bt_BSE.tif")
    guide = torch.from_numpy(image.astype(np.float32))
    scored, truth = list(found.scored), found.counts.astype(float)
    all_counts = synthetic.blocks(truth) * synthetic.FACTOR**2
    one_dwell = np.random.default_rng(seed).poisson(synthetic.blocks(truth)).astype(float)
    figures: Figures = {}
    for suffix, y, unit in (("", all_counts, synthetic.FACTOR**2), ("_dose16", one_dwell, 1)):
        gains = _gains(y.astype(np.float32), truth * unit, guide)
        figures |= {
            f"obj1.guide_minus_unguided{suffix}_db": float(np.mean(gains.used[scored])),
            f"obj1.guide_forced_minus_unguided{suffix}_db": float(np.mean(gains.forced[scored])),
            f"obj1.guide_elements{suffix}": float(sum(gains.trusted[i] for i in scored)),
        }
    return figures


def guide_on_rocks(seed: int) -> Figures:
    """Synthetic rocks with displaced electron images: gains, and how often they are used."""
    figures: Figures = {}
    for displaced in DISPLACED:
        used, forced, trusted = [], [], []
        for n in range(ROCKS):
            truth, y, guide = _rock(seed, n, displaced)
            gains = _gains(y, truth, guide)
            used.append(gains.used.mean())
            forced.append(gains.forced.mean())
            trusted.append(np.mean(gains.trusted))
        stem = f"synthetic.guide.displaced{displaced:g}."
        figures |= {
            f"{stem}gain_db": float(np.mean(used)),
            f"{stem}forced_gain_db": float(np.mean(forced)),
            f"{stem}share_trusted": float(np.mean(trusted)),
        }
    return figures


@dataclasses.dataclass(frozen=True)
class Gains:
    """Per element: decibels over no guide as used, if used for all, and whether it was trusted."""

    used: Values
    forced: Values
    trusted: tuple[bool, ...]


def _gains(y: NDArray[np.float32], truth: Values, guide: Tensor) -> Gains:
    forward, flow = forward_model("binned", synthetic.FACTOR), load_flow(synthetic.FACTOR)
    net, ones = load_guide(synthetic.FACTOR), torch.ones(len(y))
    found: Guidance = guided(flow, net, guide, torch.from_numpy(y), forward, ones)
    everywhere = dataclasses.replace(found.model, trusted=ones.bool())
    plain, used, forced = (_psnr(model, y, truth) for model in (flow, found.model, everywhere))
    return Gains(used - plain, forced - plain, found.trial.trusted)


def _psnr(model: FlowModel, y: NDArray[np.float32], truth: Values) -> Values:
    """Of the estimate, per element, dB over the range of the truth."""
    mask, noise = np.ones(y.shape[1:], bool), PoissonNoise(torch.ones(len(y)))
    forward = forward_model("binned", synthetic.FACTOR)
    estimate = model.posterior(y, mask, forward, noise).estimate.numpy()
    error = ((estimate - truth) / ranges(truth)[:, None, None]) ** 2
    return np.asarray(-10 * np.log10(error.mean(axis=(1, 2))))


def _rock(seed: int, n: int, displaced: float) -> tuple[Values, NDArray[np.float32], Tensor]:
    """Truth, counts and displaced electron image of a rock no network has seen."""
    rng = np.random.default_rng([synthetic.HELD_OUT + seed, n, 10])
    made = scene(rng, SIDE)
    mapped = synthetic.mapped(
        made.rate[rng.permutation(len(made.rate))[: synthetic.ELEMENTS]], DOSE, rng
    )
    drift = displacement(torch.Size(made.guide.shape), rng)
    drift = drift * (displaced / (drift.square().sum(dim=0).mean().sqrt() + 1e-6))
    return mapped.truth.astype(float), mapped.y, warp(torch.from_numpy(made.guide), drift)
