"""A coarse cell is the sum of its fine cells, whatever the parent map."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.factories.cells import irregular
from workers.events import Geometry
from workers.physics.calorimeter import CellNoise, CellSum, planar

geometries = st.one_of(
    st.builds(planar, st.sampled_from([1, 2, 3]), rows=st.sampled_from([6, 12])),
    st.builds(
        lambda seed, n: irregular(np.random.default_rng(seed), n),
        seeds := st.integers(0, 999),
        st.integers(1, 40),
    ),
)


def draw(seed: int, *shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed)).double()


def sigma_of(geometry: Geometry) -> torch.Tensor:
    return torch.from_numpy(geometry.sigma).double()


@settings(max_examples=40, deadline=None)
@given(geometries, seeds)
def test_the_adjoint_is_the_transpose(geometry, seed):
    model = CellSum.of(geometry)
    x, y = draw(seed, 2, len(geometry.fine)), draw(seed + 1, 2, len(geometry.coarse))
    left, right = (model.expected(x) * y).sum(), (x * model.adjoint(y)).sum()
    assert float((left - right).abs()) < 1e-10 * float(x.norm() * y.norm())


@settings(max_examples=40, deadline=None)
@given(geometries, seeds)
def test_measuring_the_pseudo_inverse_returns_the_measurement(geometry, seed):
    model, y = CellSum.of(geometry), draw(seed, 2, len(geometry.coarse))
    assert torch.allclose(model.expected(model.pseudo_inverse(y)), y, rtol=0, atol=1e-10)
    kept = torch.rand(y.shape[-1:], generator=torch.Generator().manual_seed(seed)) < 0.5
    assert torch.allclose(model.expected(model.pseudo_inverse(y, kept)), y * kept, atol=1e-10)


@settings(max_examples=40, deadline=None)
@given(geometries, seeds)
def test_no_energy_is_made_or_lost(geometry, seed):
    model, x = CellSum.of(geometry), draw(seed, 3, len(geometry.fine)).abs()
    assert torch.allclose(model.expected(x).sum(dim=-1), x.sum(dim=-1))


@settings(max_examples=40, deadline=None)
@given(geometries, seeds, st.floats(0, 3))
def test_energy_leaves_a_cell_only_within_its_noise(geometry, seed, wrong):
    model, sigma = CellSum.of(geometry), sigma_of(geometry)
    x = 200 * draw(seed, 2, len(geometry.fine)).abs()
    y = (model.expected(x) + sigma * draw(seed + 1, 2, len(geometry.coarse))).clamp_min(0)
    moved = model.consistency(wrong * x, y, CellNoise(sigma))
    assert float(moved.min()) >= 0
    assert float(model.residuals(moved, y, CellNoise(sigma)).abs().max()) < 4 + 1e-6


def test_children_keep_their_shares_of_the_energy():
    model = CellSum(torch.tensor([0, 0, 1, 1]), 2)
    x, y = torch.tensor([1.0, 3.0, 0.0, 0.0]), torch.tensor([400.0, 60.0])
    moved = model.consistency(x, y, CellNoise(torch.tensor([1.0, 1.0])), strict=True)
    assert torch.allclose(moved, torch.tensor([100.0, 300.0, 30.0, 30.0]))


def test_a_parent_map_that_leaves_a_cell_empty_is_refused():
    with pytest.raises(ValueError, match="Not each of the 3"):
        CellSum(torch.tensor([0, 0, 1]), 3)
    with pytest.raises(ValueError, match="Not each of the 2"):
        CellSum(torch.tensor([0, 1, 2]), 2)


def test_the_factor_is_that_of_a_side():
    assert [CellSum.of(planar(factor)).factor for factor in (1, 2, 4)] == [1, 2, 4]
