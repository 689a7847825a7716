"""Two halves agree as far as their common detail reaches, and not further."""

import math

import pytest
import torch
from torch import Tensor

from workers.assessment.diffraction.resolution import ring_correlation

SIDE = 128


def noise_of(seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(SIDE, SIDE, dtype=torch.complex64, generator=generator)


def band_limited(frequency: float) -> Tensor:
    """Noise without any detail finer than `frequency` cycles per pixel."""
    along = torch.fft.fftfreq(SIDE)
    kept = (along[:, None].square() + along.square()).sqrt() <= frequency
    return torch.fft.ifft2(torch.fft.fft2(noise_of(0)) * kept)


@pytest.mark.parametrize("period", [4.0, 8.0])
def test_the_period_is_that_of_the_finest_common_detail(period: float) -> None:
    common = 1 + 5 * band_limited(1 / period)
    halves = [common + 0.3 * noise_of(seed) for seed in (1, 2)]
    assert ring_correlation(*halves).period == pytest.approx(period, rel=0.1)


def test_nothing_in_common_has_no_period() -> None:
    found = ring_correlation(noise_of(1), noise_of(2))
    assert (found.correlation >= found.threshold).mean() < 0.05


def test_a_half_is_registered_to_the_other_first() -> None:
    common = 1 + 5 * band_limited(0.2)
    ramp = torch.exp(2j * math.pi * 0.01 * torch.arange(SIDE)).to(torch.complex64)
    apart = ring_correlation(common * ramp * 2j + 0.1 * noise_of(3), common + 0.1 * noise_of(4))
    assert apart.period == pytest.approx(5, rel=0.08)


def test_what_agrees_everywhere_is_limited_by_the_pixels() -> None:
    image = noise_of(1)
    assert ring_correlation(image, image).period == pytest.approx(2, rel=0.01)
