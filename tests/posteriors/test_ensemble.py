"""The ensemble posterior, on untrained members: promises that hold for any weights."""

import numpy as np
import pytest
import torch

from tests.networks.test_cellnet import lively
from workers.physics import PoissonNoise, forward_model
from workers.posteriors.ensemble import Ensemble, EnsemblePosterior
from workers.posteriors.residual import REACH, draw, fit_kernel

OPERATORS = [("fine", 1), ("binned", 2), ("point", 2), ("line", 2), ("psf", 2)]


def ensemble(members: int = 2) -> Ensemble:
    nets = []
    for m in range(members):
        net = lively(2)
        for parameter in net.parameters():
            parameter.mul_(1 + 0.1 * m)
        nets.append(net)
    kernel = torch.zeros(4, 4, 2 * REACH + 1, 2 * REACH + 1)
    kernel[range(4), range(4), REACH, REACH] = 1
    return Ensemble(tuple(nets), {name: kernel for name, _ in OPERATORS})


def counts(elements: int = 3, shape: tuple[int, int] = (21, 26)) -> np.ndarray:
    rng = np.random.default_rng(0)
    return rng.poisson(rng.uniform(2, 60, (elements, 1, 1)) * np.ones(shape)).astype(np.float32)


def posterior(name: str, factor: int, y: np.ndarray, **options: object) -> EnsemblePosterior:
    mask = np.ones(y.shape[1:], bool)
    noise = PoissonNoise(torch.ones(len(y)))
    return ensemble().posterior(y, mask, forward_model(name, factor), noise, **options)


@pytest.mark.parametrize(("name", "factor"), OPERATORS)
def test_shapes_and_signs_hold_for_every_operator(name: str, factor: int) -> None:
    y = counts()
    p = posterior(name, factor, y)
    expected = (3, 21 * factor, 26 * factor)
    samples = list(p.sample(2, torch.Generator().manual_seed(0)))
    for image in (p.estimate, p.std, *samples):
        assert image.shape == expected
        assert torch.isfinite(image).all()
        assert (image >= 0).all()


@pytest.mark.parametrize("name", ["fine", "binned", "point"])
def test_a_tile_with_its_halo_equals_the_whole(name: str) -> None:
    factor = 1 if name == "fine" else 2
    y = torch.from_numpy(counts(2, (90, 100)))
    forward, ones = forward_model(name, factor), torch.ones(2)
    whole = ensemble(1).predict(y, forward, ones, tile=1000)
    tiled = ensemble(1).predict(y, forward, ones, tile=20)
    scale = whole.mean.abs().max()
    assert ((tiled.mean - whole.mean).abs().max() / scale) < 1e-5
    assert ((tiled.sigma - whole.sigma).abs().max() / scale) < 1e-5


@pytest.mark.parametrize(("name", "factor"), [("binned", 2), ("point", 2), ("line", 2)])
def test_strict_mode_returns_the_measured_counts(name: str, factor: int) -> None:
    y = counts()
    p = posterior(name, factor, y, strict=True)
    for image in (p.estimate, *p.sample(2, torch.Generator().manual_seed(0))):
        again = p.forward.expected(image).numpy()
        assert np.abs(again - y).max() <= 1e-5 * y.max()


def test_counts_that_the_estimate_does_not_explain_leave_it_no_certainty() -> None:
    # Single bright pixels, as no specimen of the training had: no spread makes χ² one.
    y = np.zeros((1, 32, 32), np.float32)
    y[0, ::7, ::5] = 4000
    p = posterior("fine", 1, y)
    assert float(p.noise.chi2(p.estimate, p.y, p.mask)) > 1
    assert float(p.spread) == pytest.approx(0.5, abs=0.01)


def test_samples_repeat_for_a_seed_and_differ_between_seeds() -> None:
    p = posterior("binned", 2, counts())
    one, again, other = (
        next(iter(p.sample(1, torch.Generator().manual_seed(seed)))) for seed in (5, 5, 6)
    )
    assert torch.equal(one, again)
    assert not torch.equal(one, other)


def test_unmeasured_pixels_change_nothing_but_themselves() -> None:
    y = counts(2, (24, 24))
    mask = np.ones((24, 24), bool)
    mask[:3, :3] = False
    holed = np.where(mask, y, 0).astype(np.float32)
    noise, forward = PoissonNoise(torch.ones(2)), forward_model("binned", 2)
    one = ensemble().posterior(holed, mask, forward, noise)
    rubbish = np.where(mask, y, 999).astype(np.float32)
    two = ensemble().posterior(rubbish, mask, forward, noise)
    assert torch.equal(one.prediction.mean, two.prediction.mean)
    assert torch.equal(one.spread, two.spread)


def test_progress_is_heard_and_may_stop_the_work() -> None:
    class Stop(Exception):
        pass

    heard: list[float] = []

    def progress(fraction: float) -> None:
        heard.append(fraction)
        if fraction == 1.0:
            raise Stop

    with pytest.raises(Stop):
        posterior("binned", 2, counts(), progress=progress)
    assert heard == sorted(heard)


def test_residuals_keep_their_spatial_covariance() -> None:
    generator = torch.Generator().manual_seed(0)
    blur = torch.zeros(2, 2, 3, 3)
    blur[0, 0], blur[1, 1, 1, 1] = 1 / 9, 1.0
    fields = [
        torch.nn.functional.conv2d(torch.randn(1, 2, 120, 120, generator=generator), blur)[0]
        for _ in range(4)
    ]
    drawn = draw(fit_kernel(fields).float(), 300, 300, generator)
    for k, field in enumerate(fields[0]):
        assert drawn[k].var() == pytest.approx(float(field.var()), rel=0.1)
    neighbour = (drawn[0, :, 1:] * drawn[0, :, :-1]).mean() / drawn[0].var()
    assert neighbour == pytest.approx(2 / 3, abs=0.1)
    assert abs((drawn[1, :, 1:] * drawn[1, :, :-1]).mean()) < 0.05
