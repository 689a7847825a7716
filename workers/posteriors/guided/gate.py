"""Whether the guide may speak for an element: judged on the map itself, one level coarser.

The map is measured once more, simulated: its counts are thinned and put together to a map as much
coarser as the answer will be finer, at the same dose; the guide, coarser by as much, helps to
predict the map back, and counts that were kept aside say whether it helped. One level coarser a
displacement of the guide is as many times smaller, so the guide is displaced there, on purpose, by
as many pixels as two registrations from two halves of the counts disagree.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from workers.networks.guidenet import GuideNet
from workers.physics import LinearForwardModel
from workers.posteriors.cells import cell_basis
from workers.posteriors.flow import FlowModel
from workers.posteriors.guided.detail import standardised
from workers.posteriors.guided.model import GuidedFlow
from workers.posteriors.guided.registration import Registration, register, warp

LEAST_DOUBT = 0.7  # fine pixels: what registration left on synthetic rocks of every kind
SMALLEST = 16  # cells along a side of the coarser map: with fewer nothing can be said
BLOCKS = 6  # along a side, for the standard error of a gain
WORTH_DB = 0.1  # a gain below this is not worth a second instrument's errors


@dataclass(frozen=True)
class Trial:
    """What the guide was worth one level coarser: dB gained per element, and what is certain of it.

    `surely`: whether the gain in squared error exceeds twice its standard error.
    """

    gain_db: tuple[float, ...]
    surely: tuple[bool, ...]

    @property
    def trusted(self) -> tuple[bool, ...]:
        return tuple(
            sure and gain >= WORTH_DB for gain, sure in zip(self.gain_db, self.surely, strict=True)
        )


@dataclass(frozen=True)
class Guidance:
    """What became of a guide: where it lies, what it was worth, and the model that uses it."""

    registration: Registration
    uncertainty: float  # of the registration, fine pixels, root mean square
    trial: Trial
    model: GuidedFlow


def guided(
    flow: FlowModel,
    net: GuideNet,
    guide: Tensor,
    y: Tensor,
    forward: LinearForwardModel,
    variance_factor: Tensor,
) -> Guidance:
    """Register `guide` (H, W) on the counts `y` (e, h, w) and judge it; deterministic."""
    found = register(guide, y, forward)
    rng = np.random.default_rng(0)
    half = torch.from_numpy(rng.binomial(_whole(y), 0.5).astype(np.float32))
    one, two = (register(guide, part, forward).displacement for part in (half, y - half))
    doubt = _at_least(0.5 * (one - two))
    placed = standardised(warp(guide, found.displacement), forward)
    trial = _trial(flow, net, placed, doubt, y, forward, variance_factor)
    model = GuidedFlow(
        flow.regression, flow.flow, flow.steps, net, placed, torch.tensor(trial.trusted)
    )
    return Guidance(found, _length(doubt), trial, model)


def _at_least(doubt: Tensor) -> Tensor:
    """`doubt` (2, H, W) made longer, where two halves agree better than registration is."""
    if _length(doubt) >= LEAST_DOUBT:
        return doubt
    rows, columns = (torch.linspace(0, torch.pi, side) for side in doubt.shape[1:])
    wave = torch.stack(
        [
            torch.cos(rows)[:, None].expand(-1, len(columns)),
            torch.cos(columns)[None].expand(len(rows), -1),
        ]
    )
    return doubt + wave * math.sqrt(LEAST_DOUBT**2 - _length(doubt) ** 2)


def _length(displacement: Tensor) -> float:
    """Root mean square, fine pixels."""
    return float(displacement.square().sum(dim=0).mean().sqrt())


def _whole(y: Tensor) -> NDArray[np.int64]:
    return np.asarray(np.rint(y.numpy()).clip(min=0), np.int64)


def _trial(
    flow: FlowModel,
    net: GuideNet,
    guide: Tensor,
    doubt: Tensor,
    y: Tensor,
    forward: LinearForwardModel,
    variance_factor: Tensor,
) -> Trial:
    f = forward.factor
    h, w = (side // f * f for side in y.shape[1:])
    if min(h, w) // f < SMALLEST:
        return Trial((0.0,) * len(y), (False,) * len(y))
    seen = {"binned": f * f, "line": f, "point": 1}[forward.name]  # fine pixels that count
    kept = 1 / max(seen, 2)
    counts = _whole(y[:, :h, :w])
    thinned = np.random.default_rng(1).binomial(counts, kept)
    coarser = forward.expected(torch.from_numpy(thinned.astype(np.float32))) * seen
    reference = torch.from_numpy((counts - thinned).astype(np.float32)) * (kept * seen / (1 - kept))
    noise = variance_factor * reference.mean(dim=(1, 2)) * (kept * seen / (1 - kept))
    image = _coarser_guide(guide, doubt, forward)[:h, :w]
    trusted = torch.ones(len(y), dtype=torch.bool)
    both = GuidedFlow(
        flow.regression, flow.flow, flow.steps, net, standardised(image, forward), trusted
    )
    basis = cell_basis(forward)
    errors = []
    for model in (flow, both):
        prediction, _ = model.predict(coarser, forward, variance_factor)
        estimate = basis.from_coefficients(prediction.mean[0])
        errors.append((estimate - reference).square())
    return _judged(errors[0], errors[1], noise)


def _coarser_guide(guide: Tensor, doubt: Tensor, forward: LinearForwardModel) -> Tensor:
    """The guide as the coarser trial sees it, `(h, w)`, displaced by what is in doubt."""
    image = forward.expected(guide)
    size = (image.shape[0], image.shape[1])
    return warp(image, F.interpolate(doubt[None], size=size, mode="bilinear")[0])


def _judged(plain: Tensor, with_guide: Tensor, noise: Tensor) -> Trial:
    """Gain of `with_guide` over `plain`, squared errors (e, h, w) against a noisy reference."""
    less = plain - with_guide
    parts = F.adaptive_avg_pool2d(less, BLOCKS).flatten(1)
    error = parts.std(dim=1) / BLOCKS
    mean = less.mean(dim=(1, 2))
    before, after = (
        (each.mean(dim=(1, 2)) - noise).clamp_min(0.05 * noise + 1e-9)
        for each in (plain, with_guide)
    )
    gain = 10 * torch.log10(before / after)
    return Trial(tuple(gain.tolist()), tuple((mean > 2 * error).tolist()))
