"""Teaching the reconstruction: slots are matched whatever their order, shares add up."""

import numpy as np
import pytest
import torch

from workers.networks.particlenet import MOST, Slots
from workers.physics.calorimeter.geometry import LAYERS
from workers.training.shower_pool import Pool
from workers.training.train_particles import KINDS, Lost, batch, matched


@pytest.fixture(scope="module")
def pool() -> Pool:
    return Pool.generated(60, np.random.default_rng(0))


def test_a_slot_is_matched_with_the_particle_whose_cells_it_took():
    rng = np.random.default_rng(1)
    wanted = torch.from_numpy(rng.dirichlet(np.full(MOST, 0.1), (2, 20)).swapaxes(1, 2)).float()
    order = torch.tensor([[2, 0, 1, 3, 4], [1, 0, 2, 3, 4]])
    place = torch.from_numpy(rng.normal(size=(2, MOST, 2))).float()
    rows = torch.arange(2)[:, None]
    taken = Slots(wanted[rows, order], (wanted[rows, order] + 1e-4).log(), place[rows, order])
    weight = torch.full((2, 20), 1 / 20)
    number = torch.tensor([3, 2])
    event, slot, particle = matched(taken, wanted, place, weight, number)
    assert event.tolist() == [0, 0, 0, 1, 1]
    assert particle.tolist() == order[event, slot].tolist()


def test_every_kind_of_map_comes_with_shares_that_add_up(pool):
    made = batch(pool, 2 * len(KINDS), np.random.default_rng(2))
    assert made.maps.shape[:2] == (2 * len(KINDS), LAYERS)
    held = made.shares.sum(dim=1)
    assert held.max() < 1.0001
    true = made.maps[:: len(KINDS)]
    assert (held[:: len(KINDS)][true.sum(dim=1) > 1] > 0.99).all()
    for shares, number in zip(made.shares, made.number, strict=True):
        assert shares[number:].abs().sum() == 0


def test_a_step_lowers_what_is_lost_on_its_own_batch(pool):
    torch.manual_seed(0)
    lost = Lost()
    made = batch(pool, 12, np.random.default_rng(3))
    given = made.maps, made.shares, made.place, made.number
    optimiser = torch.optim.AdamW(lost.parameters(), lr=1e-3)
    course = []
    for _ in range(12):
        whole = sum(lost(*given))
        optimiser.zero_grad()
        whole.backward()
        optimiser.step()
        course.append(whole.item())
    assert course[-1] < 0.9 * course[0]
