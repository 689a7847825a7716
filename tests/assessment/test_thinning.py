"""The data-only check: independent halves whatever the noise, and it fails when it should."""

import numpy as np
import pytest
import torch

from workers.assessment.thinning import Check, score, thin
from workers.physics import PoissonNoise

PIXELS = (200, 200)


def counted(mean: np.ndarray, factor: float, rng: np.random.Generator) -> np.ndarray:
    """Whole counts with variance = factor · mean."""
    if factor > 1:
        return rng.negative_binomial(mean / (factor - 1), 1 / factor)
    if factor < 1:
        return rng.binomial(np.rint(mean / (1 - factor)).astype(int), 1 - factor)
    return rng.poisson(mean)


@pytest.mark.parametrize("factor", [0.7, 1.0, 2.5])
@pytest.mark.parametrize("level", [3.0, 40.0])
def test_halves_are_independent_and_as_noisy_as_the_whole(factor, level):
    rng = np.random.default_rng(1)
    mean = np.full(PIXELS, level)
    counts = counted(mean, factor, rng)
    first = thin(counts, mean, factor, rng)
    second = counts - first
    assert second.min() >= 0
    assert abs(np.corrcoef(first.ravel(), second.ravel())[0, 1]) < 0.02
    for half in (first, second):
        assert half.mean() == pytest.approx(level / 2, rel=0.02)
        assert half.var() / half.mean() == pytest.approx(factor, abs=0.08)


def test_coin_tosses_would_leave_overdispersed_halves_correlated():
    rng = np.random.default_rng(1)
    counts = counted(np.full(PIXELS, 40.0), 2.5, rng)
    tossed = rng.binomial(counts, 0.5)
    assert np.corrcoef(tossed.ravel(), (counts - tossed).ravel())[0, 1] > 0.3


def halves(seed: int = 0) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, PoissonNoise]:
    """A smooth specimen: what each half was counted with, the halves, and their noise."""
    rng = np.random.default_rng(seed)
    rows = np.linspace(0, 6, PIXELS[0])
    mean = 10 + 6 * np.sin(rows)[:, None] * np.cos(rows)[None, :]
    first, second = (torch.from_numpy(rng.poisson(mean)[None]).double() for _ in range(2))
    return torch.from_numpy(mean)[None], first, second, PoissonNoise(torch.ones(1).double())


def checked(spread: float, off: float = 0.0) -> Check:
    """A posterior around the truth with this relative spread, its centre `off` by as much."""
    mean, first, second, noise = halves()
    generator = torch.Generator().manual_seed(2)

    def scatter() -> torch.Tensor:
        return 1 + torch.randn(mean.shape, generator=generator, dtype=torch.float64)

    centre = mean * (1 + off * (scatter() - 1))
    draws = [centre * (1 + spread * (scatter() - 1)).clamp(min=0.01) for _ in range(8)]
    smooth = torch.full_like(mean, float(first.mean()))
    mask = torch.ones(PIXELS, dtype=torch.bool)
    (found,) = score(second, draws, centre, (smooth, first), noise, mask)
    return found


def test_a_right_prediction_passes_with_a_chi_square_of_one():
    found = checked(spread=0.02)
    assert found.failure == ""
    assert found.coverage == pytest.approx(0.9, abs=0.01)
    assert found.chi2 == pytest.approx(1.0, abs=0.03)
    assert found.raw > 1.8
    assert found.smooth > 1.5


@pytest.mark.parametrize(
    ("spread", "off", "failure"), [(0.01, 0.5, "narrow"), (1.0, 0.0, "wide"), (0.4, 0.35, "rough")]
)
def test_a_wrong_prediction_fails_by_what_is_wrong(spread, off, failure):
    assert checked(spread, off).failure == failure


def test_unmeasured_pixels_are_not_scored():
    mean, first, second, noise = halves()
    mask = torch.zeros(PIXELS, dtype=torch.bool)
    mask[:50] = True
    second[:, 50:] = 1e6
    (found,) = score(second, [mean] * 4, mean, (mean, first), noise, mask)
    assert found.pixels == 50 * PIXELS[1]
    assert found.failure == ""
