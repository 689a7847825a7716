"""The electron image as a guide: where it lies, whom it may help, and that it harms nobody."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.networks.test_cellnet import lively
from workers.networks.flownet import FlowNet
from workers.networks.guidenet import GuideNet
from workers.physics import CellModel, PoissonNoise
from workers.posteriors.flow import FlowModel
from workers.posteriors.guided.detail import standardised
from workers.posteriors.guided.gate import guided
from workers.posteriors.guided.model import GuidedFlow
from workers.posteriors.guided.registration import register, warp
from workers.training.minerals import scene
from workers.training.registry import load_flow, load_guide
from workers.training.train_guide import displacement

FORWARD = CellModel("binned", 4)
ONES = torch.ones(4)


def specimen(seed: int, side: int = 256) -> tuple[Tensor, Tensor, Tensor]:
    """Truth (4, H, W), its counts in blocks of four, and its electron image (H, W)."""
    rng = np.random.default_rng([77, seed])
    made = scene(rng, side)
    contrast = made.rate.std(axis=(1, 2)) / made.rate.mean(axis=(1, 2))
    rate = made.rate[np.argsort(-contrast)[:4]]
    rate = rate * (200 / rate.mean(axis=(1, 2)))[:, None, None]
    y = rng.poisson(FORWARD.expected(torch.from_numpy(rate)).numpy())
    return (
        torch.from_numpy(rate),
        torch.from_numpy(y.astype(np.float32)),
        torch.from_numpy(made.guide),
    )


def untrained() -> FlowModel:
    torch.manual_seed(3)
    return FlowModel(lively(4), FlowNet(4).eval().requires_grad_(False), 2)


def with_guide(net: GuideNet, guide: Tensor, trusted: Tensor) -> GuidedFlow:
    flow = untrained()
    placed = standardised(guide, FORWARD)
    return GuidedFlow(flow.regression, flow.flow, flow.steps, net, placed, trusted)


def restless() -> GuideNet:
    """A guide network whose corrections are not zero."""
    torch.manual_seed(5)
    net = GuideNet(4).eval().requires_grad_(False)
    torch.nn.init.normal_(net.leave.weight, std=0.1)
    return net


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_displaced_image_is_found_from_the_coarse_map_alone(seed: int) -> None:
    _, y, guide = specimen(seed)
    rng = np.random.default_rng(seed)
    drift = displacement(guide.shape, rng)
    drift = (
        drift / drift.square().sum(dim=0).mean().sqrt() + torch.tensor([2.0, -1.5])[:, None, None]
    )
    found = register(warp(guide, drift), y, FORWARD)
    left = (found.displacement + drift).square().sum(dim=0).mean().sqrt()
    assert left < 0.6 * drift.square().sum(dim=0).mean().sqrt()
    assert found.explained > found.explained_before


def test_an_image_in_its_place_is_left_there() -> None:
    _, y, guide = specimen(3)
    assert register(guide, y, FORWARD).size < 0.6


def test_a_displacement_of_zero_changes_nothing() -> None:
    guide = specimen(0, 64)[2]
    assert torch.allclose(warp(guide, torch.zeros(2, 64, 64)), guide, atol=1e-3)


def test_a_network_that_learned_nothing_changes_nothing() -> None:
    _, y, guide = specimen(0, 64)
    net = GuideNet(4).eval().requires_grad_(False)
    with_it = with_guide(net, guide, torch.ones(4, dtype=torch.bool)).predict(y, FORWARD, ONES)[0]
    without = untrained().predict(y, FORWARD, ONES)[0]
    assert torch.allclose(with_it.mean, without.mean)
    assert torch.allclose(with_it.sigma, without.sigma)


def test_only_elements_that_trust_the_guide_are_changed_by_it() -> None:
    _, y, guide = specimen(0, 64)
    trusted = torch.tensor([True, False, False, True])
    with_it = with_guide(restless(), guide, trusted).predict(y, FORWARD, ONES)[0].mean[0]
    without = untrained().predict(y, FORWARD, ONES)[0].mean[0]
    changed = (with_it - without).abs().amax(dim=(1, 2, 3)) > 0
    assert changed.tolist() == trusted.tolist()


def test_a_guided_tile_with_its_halo_equals_the_whole() -> None:
    _, y, guide = specimen(1, 512)
    model = with_guide(restless(), guide, torch.ones(4, dtype=torch.bool))
    whole, cut = (model.predict(y, FORWARD, ONES, tile=side)[0].mean for side in (1000, 48))
    assert (whole - cut).abs().max() / whole.abs().max() < 1e-5


def squared_errors(model: FlowModel, y: Tensor, truth: Tensor) -> Tensor:
    """Mean squared error of the estimate, `(e,)`."""
    mask, noise = np.ones(y.shape[1:], bool), PoissonNoise(ONES)
    estimate = model.posterior(y.numpy(), mask, FORWARD, noise).estimate
    return (estimate - truth).square().mean(dim=(1, 2))


def test_the_shipped_guide_helps_where_it_is_trusted() -> None:
    truth, y, guide = specimen(6, 384)
    found = guided(load_flow(4), load_guide(4), guide, y, FORWARD, ONES)
    assert any(found.trial.trusted)
    before, after = (squared_errors(m, y, truth) for m in (load_flow(4), found.model))
    use = found.model.trusted
    assert torch.equal(before[~use], after[~use])
    assert torch.log10(after[use] / before[use]).mean() < -0.1  # a decibel


def test_an_image_of_another_place_is_not_trusted() -> None:
    _, y, _ = specimen(4)
    other = specimen(5)[2]
    found = guided(load_flow(4), load_guide(4), other, y, FORWARD, ONES)
    assert not any(found.trial.trusted)


def test_a_map_too_small_to_be_tried_on_trusts_no_guide() -> None:
    _, y, guide = specimen(4, 128)
    assert not any(guided(untrained(), restless(), guide, y, FORWARD, ONES).trial.trusted)


def test_guided_samples_agree_with_the_counts() -> None:
    _, y, guide = specimen(4, 256)
    found = guided(load_flow(4), load_guide(4), guide, y, FORWARD, ONES)
    model = replace(found.model, trusted=torch.ones(4, dtype=torch.bool))
    posterior = model.posterior(y.numpy(), np.ones(y.shape[1:], bool), FORWARD, PoissonNoise(ONES))
    for sample in posterior.sample(2, torch.Generator().manual_seed(0)):
        chi2 = PoissonNoise(ONES).chi2(FORWARD.expected(sample), y, posterior.mask)
        assert ((chi2 > 0.8) & (chi2 < 1.25)).all()
