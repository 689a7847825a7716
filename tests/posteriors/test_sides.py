"""Looking at a map from another side changes neither the operator nor the coefficients' meaning."""

import pytest
import torch

from workers.physics import forward_model
from workers.posteriors.cells import cell_basis
from workers.posteriors.sides import SIDES, Side

CASES = [
    (name, factor, side)
    for name, sides in SIDES.items()
    for factor in ((1,) if name == "fine" else (2, 4))
    for side in sides
]


@pytest.mark.parametrize(("name", "factor", "side"), CASES)
def test_a_side_leaves_the_operator_what_it_is(name: str, factor: int, side: Side) -> None:
    forward = forward_model(name, factor)
    x = torch.rand(2, 6 * factor, 10 * factor, dtype=torch.float64)
    assert torch.allclose(side.back(forward.expected(side.look(x))), forward.expected(x))


@pytest.mark.parametrize(("name", "factor", "side"), CASES)
def test_coefficients_seen_from_a_side_come_back_upright(
    name: str, factor: int, side: Side
) -> None:
    basis = cell_basis(forward_model(name, factor))
    x = torch.rand(2, 6 * basis.block, 10 * basis.block, dtype=torch.float64)
    exchange = side.exchange(basis)
    assert torch.equal(exchange.abs().sum(dim=0), torch.ones(basis.block**2, dtype=exchange.dtype))
    seen = basis.to_coefficients(side.look(x))
    assert torch.allclose(side.back_from_cells(seen, exchange), basis.to_coefficients(x))


def test_a_side_that_moves_the_sampled_pixel_would_be_noticed() -> None:
    forward, x = forward_model("point", 2), torch.rand(8, 8)
    half_turn = Side(2)
    moved = half_turn.back(forward.expected(half_turn.look(x)))
    assert not torch.allclose(moved, forward.expected(x))
