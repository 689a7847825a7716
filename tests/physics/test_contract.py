"""What every forward model promises, shipped or not."""

import pytest
import torch

from tests.physics.instruments import EVERY, Instrument
from workers.physics import PoissonNoise

every_instrument = pytest.mark.parametrize("instrument", EVERY, ids=lambda i: i.name)


def noise_for(instrument: Instrument) -> PoissonNoise:
    return PoissonNoise(torch.tensor(1.0), site_dims=instrument.model.site_dims)


@every_instrument
def test_the_truth_has_standard_residuals_and_chi_square_one(instrument):
    generator = torch.Generator().manual_seed(1)
    x = instrument.truth(generator)
    mean = instrument.model.expected(x)
    y = torch.poisson(mean, generator=generator)
    noise = noise_for(instrument)

    residuals = instrument.model.residuals(x, y, noise)
    bound = 5 / residuals.numel() ** 0.5
    assert abs(float(residuals.mean())) < bound
    assert abs(float(residuals.square().mean()) - 1) < 2 * bound
    assert abs(float(instrument.model.chi2(x, y, noise).mean()) - 1) < 2 * bound


@every_instrument
def test_the_likelihood_prefers_the_truth_to_other_images(instrument):
    generator = torch.Generator().manual_seed(2)
    x = instrument.truth(generator)
    y = torch.poisson(instrument.model.expected(x), generator=generator)
    noise = noise_for(instrument)
    at_truth = instrument.model.log_likelihood(x, y, noise)
    elsewhere = instrument.model.log_likelihood(1.4 * x, y, noise)
    assert at_truth.shape == x.shape[: -instrument.model.site_dims]
    assert bool((at_truth > elsewhere).float().mean() > 0.95)


@every_instrument
def test_a_consistent_image_is_left_alone(instrument):
    x = instrument.truth(torch.Generator().manual_seed(3))
    y = instrument.model.expected(x)
    moved = instrument.model.consistency(x, y, noise_for(instrument))
    assert torch.allclose(moved, x, atol=1e-9)


@every_instrument
def test_consistency_moves_a_wrong_image_towards_the_measurement(instrument):
    generator = torch.Generator().manual_seed(4)
    x = instrument.truth(generator)
    y = torch.poisson(instrument.model.expected(x), generator=generator)
    noise, wrong = noise_for(instrument), 1.5 * x
    before = instrument.model.chi2(wrong, y, noise)
    after = instrument.model.chi2(instrument.model.consistency(wrong, y, noise), y, noise)
    assert bool((after <= before + 1e-9).all())
    assert float(after.mean()) < 0.5 * float(before.mean())


@every_instrument
def test_strict_consistency_returns_the_measurement(instrument):
    generator = torch.Generator().manual_seed(5)
    x = instrument.truth(generator)
    y = torch.poisson(instrument.model.expected(x), generator=generator)
    strict = instrument.model.consistency(1.3 * x, y, noise_for(instrument), strict=True)
    assert torch.allclose(instrument.model.expected(strict), y, rtol=1e-9, atol=1e-7)


@every_instrument
def test_what_was_not_measured_neither_counts_nor_moves_anything(instrument):
    generator = torch.Generator().manual_seed(6)
    x = instrument.truth(generator)
    mean = instrument.model.expected(x)
    mask = torch.ones(mean.shape[-instrument.model.site_dims :], dtype=torch.bool)
    mask.view(-1)[1] = False
    spoilt = torch.where(mask, mean, 0.0)
    noise = noise_for(instrument)
    assert bool((instrument.model.residuals(x, spoilt, noise, mask)[..., ~mask] == 0).all())
    assert torch.allclose(
        instrument.model.chi2(x, spoilt, noise, mask), torch.zeros(1).double(), atol=1e-9
    )
    for strict in (False, True):
        moved = instrument.model.consistency(x, spoilt, noise, mask, strict=strict)
        assert torch.allclose(moved, x, atol=1e-7)


@every_instrument
def test_the_linearisation_is_the_derivative_and_its_transpose(instrument):
    generator = torch.Generator().manual_seed(7)
    x = instrument.truth(generator)
    direction = instrument.truth(generator) / 100
    jvp, vjp = instrument.model.linearise(x)
    numerical = (
        instrument.model.expected(x + 1e-5 * direction)
        - instrument.model.expected(x - 1e-5 * direction)
    ) / 2e-5
    assert torch.allclose(jvp(direction), numerical, rtol=1e-6, atol=1e-6)
    cotangent = torch.randn(numerical.shape, generator=generator).double()
    seen = (jvp(direction) * cotangent).sum()
    back = (direction.conj() * vjp(cotangent)).sum().real
    assert float((seen - back).abs() / seen.abs()) < 1e-10


@every_instrument
def test_a_perturbed_observation_is_repeatable_and_spreads(instrument):
    x = instrument.truth(torch.Generator().manual_seed(8))
    y = instrument.model.expected(x)
    noise = noise_for(instrument)

    def settled(seed: int) -> torch.Tensor:
        generator = torch.Generator().manual_seed(seed)
        return instrument.model.consistency(1.5 * x, y, noise, generator=generator)

    assert torch.equal(settled(0), settled(0))
    assert not torch.allclose(settled(0), settled(1))
