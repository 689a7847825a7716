"""Noise models against Monte Carlo and against the table of expected deviances."""

import pytest
import torch

from workers.physics import GaussianNoise, PoissonNoise
from workers.physics.expected_deviance import exact_expected_deviance, poisson_expected_deviance

MEANS = torch.tensor([0.05, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0], dtype=torch.float64)


def test_expected_deviance_matches_the_measured_table():
    table = torch.tensor([0.30, 0.70, 1.01, 1.15, 1.14, 1.05, 1.02, 1.01], dtype=torch.float64)
    assert torch.allclose(poisson_expected_deviance(MEANS), table, atol=0.006)


def test_expected_deviance_is_exact_between_and_beyond_its_table():
    for mean in (0.00013, 0.0123, 0.77, 3.333, 47.1, 998.0, 1500.0):
        found = float(poisson_expected_deviance(torch.tensor(mean, dtype=torch.float64)))
        assert abs(found - exact_expected_deviance(mean)) < 1e-5


@pytest.mark.parametrize("factor", [0.75, 1.0, 3.0])
def test_expected_deviance_is_what_draws_have_on_average(factor):
    generator = torch.Generator().manual_seed(0)
    noise = PoissonNoise(torch.tensor(factor))
    mean = MEANS[:, None, None].expand(-1, 200, 500)
    y = factor * torch.poisson(mean / factor, generator=generator)
    found = noise.deviance(mean, y).mean(dim=(1, 2))
    assert torch.allclose(found, noise.expected_deviance(MEANS), atol=0.03)
    assert torch.allclose(
        noise.residuals(mean, y).square().mean(dim=(1, 2)), torch.ones(1).double(), atol=0.06
    )


def test_quantile_residuals_are_normal_at_any_count():
    generator = torch.Generator().manual_seed(1)
    noise = PoissonNoise(torch.tensor(1.0))
    mean = MEANS[:, None, None].expand(-1, 100, 200)
    residuals = noise.quantile_residuals(mean, torch.poisson(mean, generator=generator), generator)
    assert torch.allclose(residuals.mean(dim=(1, 2)), torch.zeros(1).double(), atol=0.03)
    assert torch.allclose(residuals.std(dim=(1, 2)), torch.ones(1).double(), atol=0.03)
    tail = (residuals.abs() > 1.96).double().mean(dim=(1, 2))
    assert torch.allclose(tail, torch.tensor(0.05).double(), atol=0.01)


def test_a_variance_factor_belongs_to_its_channel():
    noise = PoissonNoise(torch.tensor([1.0, 4.0]))
    sigma = noise.sigma(torch.full((2, 3, 3), 9.0))
    assert torch.allclose(sigma[0], torch.tensor(3.0))
    assert torch.allclose(sigma[1], torch.tensor(6.0))
    assert float(noise.sigma(torch.zeros(2, 1, 1), floor=1.0)[1]) == 2.0


def test_a_count_over_an_empty_estimate_stays_finite():
    noise = PoissonNoise(torch.tensor(1.0))
    y = torch.tensor([[[3.0, 0.0]]])
    assert bool(torch.isfinite(noise.deviance(torch.zeros_like(y), y)).all())
    assert bool(torch.isfinite(noise.chi2(torch.zeros_like(y), y)).all())


def test_a_map_without_any_measured_pixel_disagrees_with_nothing():
    y = torch.rand(2, 4, 4)
    for noise in (PoissonNoise(torch.ones(2)), GaussianNoise(torch.ones(2))):
        assert torch.equal(noise.chi2(y, 2 * y, torch.zeros(4, 4, dtype=torch.bool)), torch.ones(2))


def test_an_impossible_noise_is_refused_with_a_sentence():
    with pytest.raises(ValueError, match="not a positive number"):
        PoissonNoise(torch.tensor([1.0, 0.0]))
    with pytest.raises(ValueError, match="not positive"):
        GaussianNoise(torch.tensor(-1.0))
