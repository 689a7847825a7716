"""The networks of calorimeter events: fractions add up, emptiness around an event does nothing."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from workers.networks.splitflow import SplitFlow
from workers.networks.splitnet import REACH, SplitNet
from workers.physics.calorimeter.geometry import SIGMA_MEV
from workers.training.shower_scenes import Generated, measured, scenes

FACTOR = 4


def unsettled(net: torch.nn.Module) -> torch.nn.Module:
    """A network whose last layers are not the zeros they start as."""
    torch.manual_seed(0)
    for weight in net.parameters():
        torch.nn.init.normal_(weight, std=0.05)
    return net.eval().requires_grad_(False)


@pytest.fixture(scope="module")
def event() -> tuple[torch.Tensor, torch.Tensor]:
    rng = np.random.default_rng(0)
    energies, kept = measured(scenes(Generated(), 4, rng).fine, FACTOR, rng)
    return torch.from_numpy(energies), torch.from_numpy(kept)


@pytest.fixture(scope="module")
def split() -> SplitNet:
    return unsettled(SplitNet(FACTOR, SIGMA_MEV, width=16))


def test_fractions_of_a_cell_add_up_and_energy_leaves_within_noise(split, event):
    energies, kept = event
    found = split(energies, kept)
    torch.testing.assert_close(found.fractions.sum(dim=2), torch.ones_like(energies))
    moved = (found.total - energies.clamp_min(0)).abs() / split.sigma
    assert float(moved[kept].max()) <= REACH
    assert float(found.mean(kept).sum(dim=2)[~kept].abs().max()) == 0


def test_suppressed_energies_are_never_looked_at(split, event):
    energies, kept = event
    other = torch.where(kept, energies, energies + 1000)
    torch.testing.assert_close(split(other, kept).fractions, split(energies, kept).fractions)


def test_emptiness_around_an_event_changes_nothing(split, event):
    flow = unsettled(SplitFlow(split.channels, split.width, width=16))
    answers = []
    for border in (0, 3):
        energies, kept = (F.pad(values, (border,) * 4) for values in event)
        found = split(energies, kept)
        given = flow.condition(found, kept.any(dim=1, keepdim=True))
        inner = (..., *(slice(border, energies.shape[-1] - border),) * 2)
        x = F.pad(torch.ones(4, split.channels, 8, 8), (border,) * 4)
        velocity = flow(x, torch.full((4,), 0.3), given)
        answers.append((found.total[inner], found.number, velocity[inner]))
    for near, far in zip(*answers, strict=True):
        torch.testing.assert_close(near, far, rtol=1e-4, atol=1e-4)
