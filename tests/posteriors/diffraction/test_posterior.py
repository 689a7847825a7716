"""The posterior of an object: its parts are exact, and its samples agree with the counts."""

import math

import pytest
import torch
from torch import Tensor

from tests.factories.diffraction import known_scan
from workers.assessment.diffraction.gauge import registered
from workers.assessment.diffraction.held_out import deviance
from workers.physics.noise import PoissonNoise
from workers.posteriors.diffraction.answer import Answer, answered, solved
from workers.posteriors.diffraction.conjugate import conjugate_gradients
from workers.posteriors.diffraction.curvature import Curvature
from workers.posteriors.diffraction.polishing import polished
from workers.posteriors.diffraction.posterior import posterior
from workers.posteriors.diffraction.prior import Prior, fitted_prior, rings
from workers.posteriors.diffraction.solver import Reconstruction, started


def white(*shape: int, seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator, dtype=torch.complex64)


def product(first: Tensor, second: Tensor) -> float:
    return float((first.conj() * second).real.double().sum())


def test_rings_hold_every_frequency_once() -> None:
    found = rings((31, 40)).square().sum(dim=0)
    torch.testing.assert_close(found, torch.ones_like(found))


def test_the_prior_has_its_exact_adjoint() -> None:
    half = 1 + 0.2 * white(24, 30, seed=1)
    lit = torch.ones(24, 30, dtype=torch.bool)
    prior = fitted_prior(half, (half, half + 0.05 * white(24, 30, seed=2)), lit)
    w = torch.randn(prior.strength.shape, generator=torch.Generator().manual_seed(3))
    x = white(24, 30, seed=4)
    assert product(prior.drawn(w), x) == pytest.approx(
        float((w * prior.adjoint(x)).double().sum()), rel=1e-3
    )


def test_steps_climb_the_likelihood_and_the_curvature_is_symmetric() -> None:
    known = known_scan(frames=16, counts=1e6)
    off = known.object + 0.02 * white(*known.scan.shape, seed=1)
    curvature = Curvature(known.scan, off, known.probe, 1.0)
    of_object, _ = curvature.wanted()
    way = of_object / of_object.abs().square().sum().sqrt()
    model, noise = known.scan.seen_by(known.probe), PoissonNoise(torch.tensor(1.0))

    def likelihood(size: float) -> float:
        mean = model.expected(off + size * way).double()
        return float(noise.log_likelihood(mean, known.scan.frames.double()).sum())

    slope = (likelihood(0.01) - likelihood(-0.01)) / 0.02
    assert product(of_object, way) == pytest.approx(slope, rel=0.1)
    changes = [
        (white(*known.scan.shape, seed=s), white(*known.probe.shape, seed=s)) for s in (5, 6)
    ]
    turned = [curvature.normal(*change) for change in changes]
    ends = [
        sum(product(a, b) for a, b in zip(changes[n], turned[1 - n], strict=True)) for n in (0, 1)
    ]
    assert ends[0] == pytest.approx(ends[1], rel=1e-3)
    assert sum(product(a, b) for a, b in zip(changes[0], turned[0], strict=True)) > 0


def test_conjugate_gradients_solve_what_is_symmetric() -> None:
    generator = torch.Generator().manual_seed(0)
    root = torch.randn(9, 9, generator=generator)
    matrix = root @ root.T + torch.eye(9)
    aim = torch.randn(9, generator=generator)
    ones = torch.ones(9)
    found = conjugate_gradients(
        lambda v: (matrix @ v[0], 2 * v[1]), (aim, aim), (ones, ones), steps=60
    )
    torch.testing.assert_close(matrix @ found[0], aim, atol=1e-2, rtol=1e-2)
    torch.testing.assert_close(2 * found[1], aim, atol=1e-2, rtol=1e-2)


@pytest.fixture(scope="module")
def answer() -> Answer:
    known = known_scan(frames=64, counts=3e3)
    generator = torch.Generator().manual_seed(0)
    start = started(known.scan, known.probe)
    found = solved(start, 15, generator)
    return answered(start, found, 15, generator, variance_factor=1.0)


def test_polishing_takes_a_smooth_phase_off_and_never_fits_worse() -> None:
    known = known_scan(frames=64)
    rows = torch.linspace(-math.pi, math.pi, known.object.shape[0])[:, None]
    wrong = known.object * torch.polar(torch.ones_like(rows), 0.3 * rows.cos())
    start = Reconstruction(wrong, known.probe, known.scan)
    found = polished(start)
    assert deviance(found, known.scan) < deviance(start, known.scan)
    lit = found.model.illumination()
    lit = lit / lit.max()

    def away(x: Tensor) -> float:
        near = registered(x, known.object, lit.clamp(max=0.3))
        phase = (near * known.object.conj()).angle()[lit > 0.3]
        return float(phase.square().mean().sqrt())

    assert away(found.object) < 0.7 * away(wrong)


def test_samples_are_those_of_their_generator_and_fit_the_counts(answer: Answer) -> None:
    first, again = (
        torch.stack(list(answer.samples(2, torch.Generator().manual_seed(7)))) for _ in range(2)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first[0], first[1])
    mode = answer.posterior.mode
    noise = PoissonNoise(torch.tensor(1.0))
    model = mode.scan.seen_by(mode.probe)
    chi2 = [float(noise.chi2(model.expected(x), mode.scan.frames).mean()) for x in first]
    assert max(chi2) < 1.2


def test_more_variance_in_the_counts_spreads_samples(answer: Answer) -> None:
    def spread(variance_factor: float) -> float:
        found = posterior(answer.solved, answer.posterior.prior, variance_factor)
        (sample,) = found.sample(1, torch.Generator().manual_seed(2))
        sample = registered(sample, found.mode.object, answer.weight)
        return float((sample - found.mode.object)[answer.light > 0.3].abs().square().mean())

    assert spread(4.0) > 1.2 * spread(1.0)


def test_where_halves_agree_on_little_little_is_expected() -> None:
    lit = torch.ones(48, 48, dtype=torch.bool)
    object_ = torch.ones(48, 48, dtype=torch.complex64)
    object_[:, :24] += 0.3 * white(48, 24, seed=1)
    halves = tuple(object_ + 0.02 * white(48, 48, seed=s) for s in (2, 3))
    prior: Prior = fitted_prior(object_, (halves[0], halves[1]), lit)
    fine = prior.strength[:, 1].square().mean(dim=0)
    assert float(fine[:, 4:18].mean()) > 10 * float(fine[:, 32:].mean())
