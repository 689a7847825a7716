"""What the ensemble's network promises whatever its weights: tests run on untrained ones."""

import torch

from workers.networks.cellnet import HALO, CellNet, counting_error, local_scale


def lively(cell: int) -> CellNet:
    """A network whose outputs all depend on its inputs (a fresh one starts with a mean of 0)."""
    torch.manual_seed(0)
    net = CellNet(cell).eval().requires_grad_(False)
    for parameter in net.parameters():
        if not parameter.any():
            torch.nn.init.normal_(parameter, std=0.05)
    return net


def inputs(elements: int, cell: int, side: int) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    shape = (1, elements, cell * cell, side, side)
    return torch.randn(shape, generator=generator), torch.randn(
        1, elements, 2, side, side, generator=generator
    )


def test_elements_may_come_in_any_order_and_number() -> None:
    net = lively(2)
    x, noise = inputs(4, 2, 12)
    order = torch.tensor([2, 0, 3, 1])
    mean, log_sigma = net(x, noise, "binned")
    shuffled_mean, shuffled_sigma = net(x[:, order], noise[:, order], "binned")
    assert torch.allclose(shuffled_mean, mean[:, order], atol=1e-5)
    assert torch.allclose(shuffled_sigma, log_sigma[:, order], atol=1e-5)
    assert net(x[:, :1], noise[:, :1], "binned")[0].shape == (1, 1, 4, 12, 12)


def test_other_elements_of_the_same_place_are_seen() -> None:
    net = lively(2)
    x, noise = inputs(3, 2, 12)
    changed = x.clone()
    changed[:, 2] += 1
    before, after = net(x, noise, "binned")[0], net(changed, noise, "binned")[0]
    assert (before[:, 0] - after[:, 0]).abs().max() > 1e-4


def test_nothing_beyond_the_halo_is_seen() -> None:
    net = lively(2)
    side = 2 * HALO + 3
    x, noise = inputs(2, 2, side)
    changed = x.clone()
    changed[..., 0, 0] += 10
    before, after = net(x, noise, "binned")[0], net(changed, noise, "binned")[0]
    assert torch.equal(before[..., HALO + 1 :, HALO + 1 :], after[..., HALO + 1 :, HALO + 1 :])
    assert not torch.equal(before, after)


def test_the_spread_is_learned_without_moving_the_mean() -> None:
    net = lively(2).requires_grad_(True)
    x, noise = inputs(2, 2, 12)
    net(x, noise, "fine")[1].sum().backward()
    assert net.enter.weight.grad is None
    assert net.log_sigma[0].weight.grad is not None


def test_a_bright_phase_does_not_change_the_scale_far_away() -> None:
    y = torch.full((1, 1, 40, 40), 10.0)
    bright = y.clone()
    bright[..., 0, 0] = 1e5
    assert torch.equal(local_scale(y)[..., 10:, 10:], local_scale(bright)[..., 10:, 10:])
    assert local_scale(torch.zeros(1, 1, 8, 8)).min() > 0


def test_a_pixel_that_counted_nothing_is_not_exact() -> None:
    error = counting_error(torch.zeros(1, 1, 8, 8), torch.ones(1, 1, 1, 1))
    assert torch.allclose(error, torch.full_like(error, 0.5))
