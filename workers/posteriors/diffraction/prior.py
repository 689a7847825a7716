"""How much an object may vary, place by place and band by band: a prior that its halves supply.

x = m + u · Σ_j B_j (D_j · w_j): rings B_j of spatial frequency, about an octave each, with
the local strength D_j that two halves of the data agree on, for amplitude (real part) and phase
(imaginary part of what is left after the smooth phase u). Where edges are, fine detail may be;
where the halves agree on none, little is expected. A Gaussian scale mixture (Portilla et al.,
IEEE Trans. Image Process. 12, 1338, 2003) with known scales.
"""

import math
from dataclasses import dataclass

import torch
from scipy import ndimage
from torch import Tensor

from workers.physics.propagation import fourier, inverse_fourier

CENTRES = (0.5, 0.354, 0.25, 0.177, 0.125, 0.0625, 0.03125)  # cycles per pixel; then the rest
POOLED = (2.5, 2.5, 3.0, 3.5, 4.0, 6.0, 9.0, 12.0)  # pixels over which a strength is averaged
SMOOTH = 4.0  # pixels: what is coarser counts as the mean and its phase
LEAST = 0.05  # of a band's mean power: nowhere is less expected
COARSE, WIDE = 0.1, 0.1  # what a band below so many cycles per pixel may be off: `mean` took it
UNSEEN = 0.25  # of the power of the next coarser band, where the halves agree on nothing


@dataclass(frozen=True, eq=False)
class Prior:
    """`mean` and `phase` `(H, W)` complex64; `bands` `(j, H, W)`; `strength` `(2, j, H, W)`."""

    mean: Tensor
    phase: Tensor
    bands: Tensor
    strength: Tensor

    def drawn(self, w: Tensor) -> Tensor:
        """The change of the object `(H, W)` of white numbers `w` `(2, j, H, W)`."""
        parts = torch.complex(*(self.strength * w))
        return self.phase * inverse_fourier((fourier(parts) * self.bands).sum(dim=0))

    def adjoint(self, x: Tensor) -> Tensor:
        return self.strength * _banded(self.phase.conj() * x, self.bands)


def fitted_prior(x: Tensor, halves: tuple[Tensor, Tensor], lit: Tensor) -> Prior:
    """The prior of an object `(H, W)` of which two halves were made, registered to it.

    Only where `lit`, bool `(H, W)`, anything is known; elsewhere the mean of what is lit stands.
    """
    weight = lit.float()
    level = (x * weight).sum() / weight.sum()
    mean = _smoothed(torch.where(lit, x, level), SMOOTH)
    phase = torch.polar(torch.ones_like(weight), mean.angle())
    bands = rings(x.shape)
    first, second = (
        _banded(phase.conj() * torch.where(lit, half - mean, 0), bands) for half in halves
    )
    power = torch.zeros_like(first)
    for band in reversed(range(len(bands))):
        for part in (0, 1):
            common = (first * second)[part, band] * weight
            near = _blurred(common, POOLED[band]) / _blurred(weight, POOLED[band]).clamp_min(1e-3)
            floor = LEAST * float(common.sum() / weight.sum())
            least = COARSE**2 if [*CENTRES, 0.0][band] < WIDE else 1e-8
            power[part, band] = near.clamp_min(max(floor, least))
            if band + 1 < len(bands):
                fading = UNSEEN * power[part, band + 1].minimum(power[part].amax(dim=0))
                agreed = float(common.sum()) > 0.1 * float(_differing(first, second, part, band))
                power[part, band] = power[part, band] if agreed else fading
    # What a band lets through of white numbers is its share of all frequencies.
    share = bands.square().mean(dim=(1, 2))[:, None, None]
    return Prior(mean, phase, bands, (power / share).sqrt())


def _differing(first: Tensor, second: Tensor, part: int, band: int) -> Tensor:
    return (first - second)[part, band].square().sum() / 2


def rings(shape: torch.Size | tuple[int, int]) -> Tensor:
    """Roots of rings about `CENTRES` that sum to one, float32 `(j, h, w)`, the coarsest last."""
    rows, columns = (torch.fft.fftfreq(side) for side in shape)
    place = torch.log2((rows[:, None].square() + columns.square()).sqrt().clamp_min(1e-6))
    centres = [math.log2(each) for each in CENTRES]
    centres.append(centres[-1] - 1)
    # Share of each ring: straight lines between centres, all of it beyond the ends.
    shares = []
    for n, centre in enumerate(centres):
        share = torch.ones_like(place)
        if n > 0:
            share = share.minimum((centres[n - 1] - place) / (centres[n - 1] - centre))
        if n + 1 < len(centres):
            share = share.minimum((place - centres[n + 1]) / (centre - centres[n + 1]))
        shares.append(share.clamp(0, 1))
    return torch.stack(shares).sqrt()


def _banded(x: Tensor, bands: Tensor) -> Tensor:
    """Real and imaginary part of each band of `x`, `(2, j, H, W)`."""
    parts = inverse_fourier(fourier(x) * bands)
    return torch.stack([parts.real, parts.imag])


def _smoothed(x: Tensor, sigma: float) -> Tensor:
    return torch.complex(_blurred(x.real, sigma), _blurred(x.imag, sigma))


def _blurred(values: Tensor, sigma: float) -> Tensor:
    found = ndimage.gaussian_filter(values.numpy(), sigma, mode="nearest")
    blurred: Tensor = torch.from_numpy(found)
    return blurred
