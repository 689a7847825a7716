"""Patches that a network found, put together into one object."""

from typing import Protocol

import torch
from torch import Tensor

from workers.physics.ptychography import Ptychography
from workers.posteriors.diffraction.glance import first_guess, glance
from workers.posteriors.diffraction.scan import Scan

BATCH = 32
UNSEEN = 1e-3  # of the brightest pixel's illumination: below, the object fades to empty
STABLE = 0.375  # counts added before the root: the variance is then that of counts above one


class Finder(Protocol):
    """A network: glances float32 `(n, 8, s, s)` and patches -> better patches `(n, s, s)`."""

    def __call__(self, inputs: Tensor, base: Tensor) -> Tensor: ...


def stitched(model: Ptychography, patches: Tensor) -> Tensor:
    """Mean of patches `(n, s, s)` where they overlap, each counting as the light that fell on it.

    Complex64 `(H, W)`; 1 where no light fell.
    """
    return _merged(*_shares(model, patches))


def stitched_misfit(net: Finder, scan: Scan, probe: Tensor, guess: Tensor) -> Tensor:
    """How far the counts of these frames are from those of their stitched patches.

    Σ (√(y + ⅜) − √(ȳ + ⅜))² / Σ y, which is a quarter of the Poisson deviance over the counts
    (Anscombe 1948) and forgiving where a model expects nothing. Needs no label; gradients reach
    the network and the probe, which both answer for the whole, not each patch for itself.
    """
    model = scan.seen_by(probe)
    seen = glance(scan, probe.detach(), guess)
    mean = model.expected(stitched(model, net(seen.inputs, seen.base)))
    apart = ((scan.frames + STABLE).sqrt() - (mean + STABLE).sqrt()).square()
    if scan.mask is not None:
        apart = apart * scan.mask
    return apart.sum() / (scan.power * len(scan.frames))


@torch.no_grad()
def found_object(net: Finder, scan: Scan, probe: Tensor) -> Tensor:
    """The object `(H, W)` that the network sees in all frames under these probe modes."""
    guess = first_guess(scan, probe)
    total, light = torch.zeros_like(guess), torch.zeros_like(guess.real)
    for which in scan.batches(BATCH):
        part = scan.of(which)
        seen = glance(part, probe, guess)
        more, lit = _shares(part.seen_by(probe), net(seen.inputs, seen.base))
        total, light = total + more, light + lit
    return _merged(total, light)


def _shares(model: Ptychography, patches: Tensor) -> tuple[Tensor, Tensor]:
    power = model.probe.abs().square().sum(dim=0).expand(patches.shape)
    return model.place(power * patches), model.place(power)


def _merged(total: Tensor, light: Tensor) -> Tensor:
    floor = UNSEEN * light.max()
    return (total + floor) / (light + floor)
