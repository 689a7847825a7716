"""TARP on patches: flat for a right posterior whatever the reference, and not for a wrong one."""

import numpy as np
import pytest
import torch
from scipy import stats
from torch import Tensor

from workers.assessment.tarp import patch_distances, tarp, tarp_control

SAMPLES = 15


def fields(count: int, smooth: int = 1) -> Tensor:
    """Noise `(count, 4, 128, 128)` of unit variance, averaged over `smooth` pixels of a row."""
    generator = torch.Generator().manual_seed(count + smooth)
    white = torch.randn(count, 4, 128, 128, generator=generator)
    return sum(white.roll(k, -1) for k in range(smooth)) / smooth**0.5


def shares(samples: Tensor, truth: Tensor, reference: Tensor) -> np.ndarray:
    return tarp(samples, truth, reference, torch.Generator().manual_seed(0))


@pytest.mark.parametrize("reference", ["zero", "far", "another draw"])
def test_shares_are_uniform_for_a_right_posterior_whatever_the_reference(reference):
    drawn = fields(SAMPLES + 1)
    where = {
        "zero": torch.zeros(4, 128, 128),
        "far": torch.full((4, 128, 128), 2.0),
        "another draw": fields(1, smooth=2)[0],
    }
    found = shares(drawn[1:], drawn[0], where[reference])
    assert stats.kstest(found, "uniform").pvalue > 0.01


def test_a_spread_that_is_off_is_seen_on_its_side():
    drawn, zero = fields(SAMPLES + 1), torch.zeros(4, 128, 128)
    assert shares(0.9 * drawn[1:], drawn[0], zero).mean() > 0.8
    assert shares(1.1 * drawn[1:], drawn[0], zero).mean() < 0.2


def test_it_sees_what_no_pixel_shows():
    """Right marginals, wrong relation of neighbours: a reference that varies gives it away."""
    truth, smooth = fields(1)[0], fields(SAMPLES, smooth=8)
    uneven = torch.ones(4, 128, 128)
    found = shares(smooth, truth, uneven)
    assert stats.kstest(found, "uniform").pvalue < 1e-6


def test_the_control_is_flat_even_where_the_posterior_is_wrong():
    samples, generator = 0.5 * fields(SAMPLES + 1), torch.Generator().manual_seed(1)
    zero = torch.zeros(4, 128, 128)
    assert shares(samples[1:], fields(1, 2)[0], zero).mean() > 0.95
    assert tarp_control(samples, zero, generator).mean() == pytest.approx(0.5, abs=0.05)


def test_patches_of_nothing_but_zeros_do_not_decide():
    empty = torch.zeros(SAMPLES, 4, 128, 128)
    found = shares(empty, empty[0], empty[0])
    assert stats.kstest(found, "uniform").pvalue > 0.01


def test_what_fills_no_whole_patch_is_left_out_and_nothing_to_ask_is_refused():
    image = torch.ones(1, 35, 50)
    distances = patch_distances(image, torch.zeros_like(image), 16)
    assert distances.tolist() == [[[256.0] * 3] * 2]
    with pytest.raises(ValueError, match="no patch of 64"):
        patch_distances(image, image, 64)
    generator = torch.Generator()
    with pytest.raises(ValueError, match="at least one sample"):
        tarp([], image, image, generator)
    with pytest.raises(ValueError, match="at least one sample"):
        tarp_control([], image, generator)
