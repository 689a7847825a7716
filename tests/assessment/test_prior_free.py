"""What counts alone allow: a bound that no truth breaks, whatever it looks like."""

import numpy as np
import pytest
import torch
from scipy import stats

from workers.assessment.prior_free import (
    counting_interval,
    prior_free_interval,
    prior_reliance,
)
from workers.physics import forward_model


@pytest.mark.parametrize("mean", [0.2, 1.0, 7.0, 60.0])
@pytest.mark.parametrize("factor", [1.0, 2.5])
def test_a_counting_interval_holds_the_mean_at_least_as_often_as_it_says(mean, factor):
    """Exact intervals of counts are conservative, never short (Garwood 1936)."""
    y = factor * np.arange(400.0)
    lower, upper = counting_interval(y, factor, 0.9)
    weight = stats.poisson.pmf(np.arange(400), mean / factor)
    held = float(weight[(lower <= mean) & (mean <= upper)].sum())
    assert held >= 0.9
    assert lower[0] == 0


def spiky_truth(size: int) -> torch.Tensor:
    """Empty but for single bright pixels: what a prior would never expect."""
    rng = np.random.default_rng(0)
    truth = np.zeros((1, size, size))
    truth[0, rng.integers(0, size, 60), rng.integers(0, size, 60)] = 400.0
    return torch.from_numpy(truth)


@pytest.mark.parametrize("case", [("fine", 1), ("binned", 4), ("line", 4), ("psf", 4)])
def test_the_bounds_hold_a_truth_no_prior_would_expect(case):
    model = forward_model(*case)
    truth = spiky_truth(64)
    y = torch.poisson(model.expected(truth), generator=torch.Generator().manual_seed(0))
    lower, upper = prior_free_interval(y, model, torch.ones(1))
    bright = truth > 0
    assert float((truth <= upper)[bright].double().mean()) >= 0.85
    assert bool((lower <= truth).all() if case[1] > 1 else True)
    assert bool((upper >= lower).all())


def test_a_pixel_of_a_block_may_have_held_all_of_it_or_nothing():
    y = torch.tensor([[[100.0, 9.0]]])
    lower, upper = prior_free_interval(y, forward_model("binned", 4), torch.ones(1))
    assert lower.shape == (1, 4, 8)
    assert float(lower.max()) == 0
    _, most = counting_interval(np.array([100.0, 9.0]), 1.0, 0.9)
    assert torch.allclose(upper[0, 0], torch.tensor(16 * most).repeat_interleave(4).float())


def test_where_the_beam_never_stood_nothing_is_known():
    lower, upper = prior_free_interval(
        torch.full((1, 2, 2), 50.0), forward_model("point", 2), torch.ones(1)
    )
    assert bool(torch.isinf(upper[0, 1::2]).all())
    assert float(upper[0, 0, 0]) < 70
    assert float(lower[0, 0, 0]) > 35
    reliance = prior_reliance(torch.full((1, 4, 4), 3.0), lower, upper)
    assert float(reliance[0, 1, 1]) == 1
    assert 0.8 < float(reliance[0, 0, 0]) < 1


def test_an_interval_as_wide_as_the_counts_allow_relies_on_no_prior():
    lower, upper = torch.zeros(1, 2, 2), torch.full((1, 2, 2), 40.0)
    assert float(prior_reliance(torch.full((1, 2, 2), 40.0), lower, upper).max()) == 0
    assert float(prior_reliance(torch.full((1, 2, 2), 10.0), lower, upper).min()) == 0.75
