"""Whether a map looks like those its claims were calibrated on."""

import numpy as np
import pytest
import torch

from workers.assessment.familiarity import (
    SIDE,
    describe,
    fit_familiar,
    ledoit_wolf,
    piece_side,
    pieces,
)
from workers.networks.cellnet import CellNet
from workers.physics import forward_model


def test_shrinkage_is_strong_with_few_values_and_vanishes_with_many():
    rng = np.random.default_rng(0)
    true = np.diag(np.linspace(1, 9, 20))
    errors = {}
    for n in (25, 50_000):
        values = rng.multivariate_normal(np.zeros(20), true, n)
        plain = np.cov(values.T, bias=True)
        errors[n] = [np.square(c - true).sum() for c in (ledoit_wolf(values), plain)]
    assert errors[25][0] < 0.6 * errors[25][1]
    assert errors[50_000][0] == pytest.approx(errors[50_000][1], rel=0.1)


def test_shrinkage_agrees_with_the_formula_written_out_value_by_value():
    values = np.random.default_rng(1).normal(size=(12, 4)) * [1, 2, 3, 4]
    centred = values - values.mean(axis=0)
    sample = centred.T @ centred / 12
    level = np.trace(sample) / 4
    spread = ((sample - level * np.eye(4)) ** 2).sum() / 4
    each = [((np.outer(x, x) - sample) ** 2).sum() / 4 for x in centred]
    weight = min(sum(each) / 12**2, spread) / spread
    expected = weight * level * np.eye(4) + (1 - weight) * sample
    assert np.allclose(ledoit_wolf(values), expected)


def test_what_lies_far_from_training_is_far_and_what_was_seen_is_near():
    rng = np.random.default_rng(2)
    known = fit_familiar(rng.normal(size=(4000, 12)), limit=2.0)
    assert float(known.distance(rng.normal(size=(500, 12))).mean()) == pytest.approx(1.0, abs=0.1)
    assert float(known.distance(np.full(12, 4.0))) > 10


@pytest.mark.parametrize(("shape", "factor", "count"), [((32, 32), 4, 1), ((128, 300), 4, 9),
                                                      ((65, 41), 1, 1)])  # fmt: skip
def test_pieces_are_of_one_size_and_spread_over_the_map(shape, factor, count):
    model = forward_model("binned" if factor > 1 else "fine", factor)
    found = list(pieces(torch.zeros(2, *shape), model))
    assert len(found) == count
    assert all(size % 2 == 0 for piece in found for size in piece.shape[-2:])
    assert all(max(piece.shape[-2:]) <= piece_side(model) <= SIDE // factor for piece in found)


def test_a_descriptor_knows_the_element_and_not_the_order_of_pieces():
    net = CellNet(4).eval()
    y = torch.poisson(torch.full((3, 32, 32), 20.0), generator=torch.Generator().manual_seed(0))
    described = describe(net, y, forward_model("binned", 4), torch.ones(3))
    assert described.shape == (1, 3, 2 * net.width)
    turned = describe(net, y.flip(0), forward_model("binned", 4), torch.ones(3))
    assert np.allclose(described[:, ::-1], turned, atol=1e-4)
