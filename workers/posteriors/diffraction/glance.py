"""What a network sees of a frame: its counts, the probe, and a first guess in object pixels.

A frame lives in another space than the object under it, and how one becomes the other depends on
the probe. So a network is not asked to learn Fourier transforms: one projection of amplitudes from
an empty object turns every frame into a change of the object, once for the frame alone and once
merged over all frames. Probes that no network was trained with enter through the same physics.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from workers.physics.ptychography import Ptychography, misfit
from workers.posteriors.diffraction.scan import Scan

BATCH = 32
FLOOR = 0.01  # of the brightest pixel's illumination: below, a change is damped
LOOKS = 2  # projections of all frames behind the first guess


@dataclass(frozen=True, eq=False)
class Glance:
    """Inputs of a network, float32 `(n, 8, s, s)`, and patches `base` `(n, s, s)` complex64.

    Channels: real and imaginary part of the frame's own change of an empty object, of the merged
    guess less one, of the strongest probe mode over its peak; the power of all modes over its
    peak; log(1 + √counts) with zero frequency in the middle, standardised over the frame.
    """

    inputs: Tensor
    base: Tensor


@torch.no_grad()
def first_guess(scan: Scan, probe: Tensor) -> Tensor:
    """The object `(H, W)` after `LOOKS` projections of all frames at once, from an empty one."""
    guess = torch.ones(scan.shape, dtype=torch.complex64, device=probe.device)
    for _ in range(LOOKS):
        wanted, light = torch.zeros_like(guess), torch.zeros_like(guess.real)
        for which in scan.batches(BATCH):
            part, model = scan.of(which), scan.of(which).seen_by(probe)
            probes, change = _change(model, part, guess)
            wanted += model.place((probes.conj() * change).sum(dim=1))
            light += model.place(probes.abs().square().sum(dim=1))
        guess = guess + wanted / (light + FLOOR * light.max())
    return guess


@torch.no_grad()
def glance(scan: Scan, probe: Tensor, guess: Tensor) -> Glance:
    """What a network sees of these frames; `guess` is the `first_guess` of the whole scan."""
    model = scan.seen_by(probe)
    probes, change = _change(model, scan, torch.ones_like(guess))
    light = probes.abs().square().sum(dim=1)
    peak = light.amax(dim=(1, 2), keepdim=True)
    own = (probes.conj() * change).sum(dim=1) / (light + FLOOR * peak)
    base = model.fields(guess)
    mode = probes[:, 0] / peak.sqrt()
    planes = [own.real, own.imag, base.real - 1, base.imag, mode.real, mode.imag, light / peak]
    return Glance(torch.stack([*planes, standardised(scan)], dim=1), base)


def standardised(scan: Scan) -> Tensor:
    """log(1 + √counts), zero frequency in the middle, mean 0 and deviation 1 of each frame."""
    values = torch.log1p(scan.frames.sqrt())
    if scan.mask is not None:
        values = values * scan.mask
    values = torch.fft.fftshift(values, dim=(1, 2))
    deviation, mean = torch.std_mean(values, dim=(1, 2), keepdim=True)
    scaled: Tensor = (values - mean) / (deviation + 1e-6)
    return scaled


def _change(model: Ptychography, scan: Scan, x: Tensor) -> tuple[Tensor, Tensor]:
    """Probes at their places, and the change of exit waves that frames want, `(n, m, s, s)`."""
    phases = model.phases()
    probes = model.probes(phases)
    waves = model.to_detector(probes * model.fields(x)[:, None], phases)
    return probes, model.from_detector(misfit(waves, scan.frames, scan.mask), phases)
