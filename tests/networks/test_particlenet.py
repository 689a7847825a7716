"""Particle flow: no energy is lost or counted twice, and neighbours in a batch change nothing."""

from dataclasses import fields

import numpy as np
import pytest
import torch

from workers.networks.particlenet import MOST, SCALE_MM, TOKENS, ParticleNet, Tokens
from workers.physics.calorimeter.geometry import LAYERS, PITCH_MM
from workers.training.shower_scenes import Generated, scenes


@pytest.fixture(scope="module")
def maps() -> torch.Tensor:
    return torch.from_numpy(scenes(Generated(), 6, np.random.default_rng(0)).fine)


@pytest.fixture(scope="module")
def net() -> ParticleNet:
    torch.manual_seed(0)
    found = ParticleNet(LAYERS).eval().requires_grad_(False)
    for step in found.steps:
        torch.nn.init.normal_(step.moves.weight, std=0.1)
    return found


def test_it_is_small(net):
    assert sum(weight.numel() for weight in net.parameters()) <= 400_000


def test_tokens_are_the_brightest_places_and_where_they_lie(maps):
    tokens = Tokens.of(maps, PITCH_MM)
    assert tokens.energy.shape[1] <= TOKENS
    summed = maps.sum(dim=1)
    row, column = divmod(int(summed[0].argmax()), maps.shape[-1])
    wanted = [(each - 15.5) * PITCH_MM / SCALE_MM for each in (column, row)]
    assert tokens.place[0, 0].tolist() == pytest.approx(wanted)
    assert tokens.energy[0, 0] == summed[0].max()
    assert (tokens.energy.sum(dim=1) / summed.sum(dim=(1, 2))).min() > 0.98


def test_every_token_is_shared_out_whole_and_slots_that_are_not_there_get_none(net, maps):
    tokens = Tokens.of(maps, PITCH_MM)
    features, logits = net(tokens)
    assert logits.shape == (len(maps), MOST)
    number = torch.tensor([1, 2, 3, 4, 5, 2])
    for taken in net.taken(tokens, features, number):
        torch.testing.assert_close(taken.incidence.sum(dim=1), torch.ones_like(tokens.energy))
        for shares, count in zip(taken.incidence, number, strict=True):
            assert shares[int(count) :].sum() < 1e-6
        assert taken.place.isfinite().all()


def test_an_event_is_answered_alone_as_beside_others(net, maps):
    together = Tokens.of(maps, PITCH_MM)
    features, logits = net(together)
    number = torch.full((len(maps),), 3)
    taken = net.taken(together, features, number)[-1]
    for i in range(len(maps)):
        alone = Tokens.of(maps[i : i + 1], PITCH_MM)
        own, said = net(alone)
        torch.testing.assert_close(said[0], logits[i], atol=1e-3, rtol=1e-3)
        place = net.taken(alone, own, number[:1])[-1].place
        torch.testing.assert_close(place[0], taken.place[i], atol=1e-3, rtol=1e-3)


def test_the_order_of_tokens_does_not_matter(net, maps):
    tokens = Tokens.of(maps, PITCH_MM)
    order = torch.randperm(tokens.energy.shape[1], generator=torch.Generator().manual_seed(1))
    mixed = Tokens(*(getattr(tokens, each.name)[:, order] for each in fields(Tokens)))
    for one, other in zip(net(tokens)[1], net(mixed)[1], strict=True):
        torch.testing.assert_close(one, other, atol=1e-3, rtol=1e-3)


def test_an_empty_event_has_an_answer_without_particles(net):
    tokens = Tokens.of(torch.zeros(2, LAYERS, 32, 32), PITCH_MM)
    features, logits = net(tokens)
    assert logits.isfinite().all()
    assert net.taken(tokens, features, torch.tensor([1, 2]))[-1].place.isfinite().all()
