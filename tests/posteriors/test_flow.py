"""The null-space flow, on untrained networks: promises that hold for any weights."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.networks.test_cellnet import lively
from tests.posteriors.test_ensemble import OPERATORS, counts
from workers.networks.flownet import FlowNet, integrate
from workers.physics import PoissonNoise, forward_model
from workers.posteriors.flow import DisagreementError, FlowModel, FlowPosterior, white_noise


def model(steps: int = 2) -> FlowModel:
    torch.manual_seed(3)
    flow = FlowNet(2).eval().requires_grad_(False)
    torch.nn.init.normal_(flow.leave.weight, std=0.2)
    return FlowModel(lively(2), flow, steps)


def posterior(name: str, factor: int, y: np.ndarray, *, strict: bool = False) -> FlowPosterior:
    noise = PoissonNoise(torch.ones(len(y)))
    forward = forward_model(name, factor)
    return model().posterior(y, np.ones(y.shape[1:], bool), forward, noise, strict=strict)


@pytest.mark.parametrize(("name", "factor"), OPERATORS)
def test_shapes_and_signs_hold_for_every_operator(
    name: str, factor: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FlowPosterior, "agrees", lambda self, sample: True)
    y = counts()
    p = posterior(name, factor, y)
    for image in (p.estimate, p.std, *p.sample(2, torch.Generator().manual_seed(0))):
        assert image.shape == (3, 21 * factor, 26 * factor)
        assert torch.isfinite(image).all()
        assert (image >= 0).all()


def test_a_tile_with_its_halo_equals_the_whole() -> None:
    y, ones, forward = torch.from_numpy(counts(2, (90, 100))), torch.ones(2), None
    forward = forward_model("binned", 2)
    whole, given = model().predict(y, forward, ones, tile=1000)
    tiled, given_tiled = model().predict(y, forward, ones, tile=24)
    scale = whole.mean.abs().max()
    assert (tiled.mean - whole.mean).abs().max() / scale < 1e-5
    assert (given_tiled - given).abs().max() / given.abs().max() < 1e-5
    one, cut = (model().draw(given, seed=4, k=1, tile=tile) for tile in (1000, 24))
    assert (one - cut).abs().max() < 1e-5


def test_noise_belongs_to_its_seed_sample_and_place() -> None:
    whole = white_noise(7, 2, (3, 4, 20, 30))
    part = white_noise(7, 2, (2, 4, 12, 18))
    assert torch.equal(whole[:2, :, :12, :18], part)
    window = white_noise(7, 2, (3, 4, 20, 30), (slice(5, 9), slice(7, 30)))
    assert torch.equal(whole[:, :, 5:9, 7:30], window)
    for seed, k in ((8, 2), (7, 3)):
        assert not torch.equal(whole, white_noise(seed, k, (3, 4, 20, 30)))
    assert abs(float(whole.mean())) < 0.05
    assert abs(float(whole.std()) - 1) < 0.05


@pytest.mark.parametrize("name", ["binned", "point", "line"])
def test_strict_samples_return_the_measured_counts(name: str) -> None:
    y = counts()
    p = posterior(name, 2, y, strict=True)
    for image in p.sample(2, torch.Generator().manual_seed(0)):
        assert np.abs(p.forward.expected(image).numpy() - y).max() <= 1e-5 * y.max()


def test_samples_repeat_for_a_seed_and_differ_between_seeds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(FlowPosterior, "agrees", lambda self, sample: True)
    p = posterior("binned", 2, counts())
    one, again, other = (
        next(iter(p.sample(1, torch.Generator().manual_seed(seed)))) for seed in (5, 5, 6)
    )
    assert torch.equal(one, again)
    assert not torch.equal(one, other)


def test_a_sample_that_contradicts_the_counts_is_refused_and_another_drawn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    p = posterior("binned", 2, counts())
    verdicts = iter([False, True, False, True, True])
    monkeypatch.setattr(FlowPosterior, "agrees", lambda self, sample: next(verdicts))
    assert len(list(p.sample(2, torch.Generator().manual_seed(0)))) == 2
    monkeypatch.setattr(FlowPosterior, "agrees", lambda self, sample: False)
    with pytest.raises(DisagreementError, match="4 of 4 samples contradict"):
        list(p.sample(2, torch.Generator().manual_seed(0)))


def test_agreement_notices_a_sample_of_another_map() -> None:
    y = counts()
    p = posterior("binned", 2, y)
    truth = torch.from_numpy(y).mean((1, 2), keepdim=True).expand(3, 42, 52)
    assert p.agrees(truth)
    assert not p.agrees(1.5 * truth)


class Exact(FlowNet):
    """The velocity of a Gaussian residual of standard deviation `spread`, known in closed form."""

    def __init__(self, spread: float) -> None:
        super().__init__(2)
        self.spread = spread

    def forward(self, x: Tensor, angle: Tensor, given: Tensor) -> Tensor:
        cosine, sine = torch.cos(angle), torch.sin(angle)
        variance = cosine**2 + (self.spread * sine) ** 2
        slope = cosine * sine * (self.spread**2 - 1) / variance
        return slope[:, None, None, None, None] * x


@pytest.mark.parametrize("spread", [0.5, 1.0, 1.6])
def test_two_steps_keep_most_of_the_spread(spread: float) -> None:
    """Few steps must not lose the uncertainty; exact for a residual as wide as predicted."""
    start = torch.randn(1, 1, 4, 50, 50, generator=torch.Generator().manual_seed(0))
    given = torch.zeros(1, 1, 48, 50, 50)
    for steps, tolerance in ((2, 0.25), (16, 0.01)):
        drawn = integrate(Exact(spread), start, given, steps)
        assert math.isclose(float(drawn.std() / start.std()), spread, rel_tol=tolerance)
