"""The noise-aware layer never costs accuracy, and repairs what disagrees with the counts."""

import pytest
import torch

from workers.assessment.blobs import blur
from workers.physics import LinearForwardModel, PoissonNoise, forward_model

MODELS = [("fine", 1), ("binned", 4), ("point", 2), ("line", 4), ("psf", 4)]


def scene(model: LinearForwardModel, counts: float, seed: int) -> tuple[torch.Tensor, ...]:
    """(truth, counts y, a fair estimate): smooth blotches, and an estimate that is off by 10 %."""
    generator = torch.Generator().manual_seed(seed)
    f = model.factor

    def blotches(sigma: float) -> torch.Tensor:
        noise = torch.randn(24 * f, 32 * f, generator=generator).double()
        smooth = blur(noise, sigma)
        return smooth / smooth.std()

    truth = counts * torch.exp(0.5 * blotches(2.0 * f))
    estimate = truth * torch.exp(0.1 * blotches(0.8 * f))
    y = torch.poisson(model.expected(truth[None]), generator=generator)
    return truth[None], y, estimate[None]


@pytest.mark.parametrize(("name", "factor"), MODELS)
@pytest.mark.parametrize("counts", [1.0, 10.0, 100.0, 1000.0, 10000.0])
def test_the_layer_does_no_harm_at_any_dose(name, factor, counts):
    model, noise = forward_model(name, factor), PoissonNoise(torch.tensor([1.0]))
    truth, y, estimate = scene(model, counts, seed=0)
    moved = model.consistency(estimate, y, noise)
    gain_db = 10 * torch.log10((estimate - truth).square().mean() / (moved - truth).square().mean())
    assert float(gain_db) > -0.05
    if float(model.chi2(estimate, y, noise)) > 1.5:
        assert float(gain_db) > 0


@pytest.mark.parametrize(("name", "factor"), [("fine", 1), ("binned", 4), ("line", 4)])
def test_strict_agreement_copies_the_noise(name, factor):
    """At ten counts forcing agreement costs decibels: why the layer is not strict by default."""
    model, noise = forward_model(name, factor), PoissonNoise(torch.tensor([1.0]))
    truth, y, estimate = scene(model, 10.0, seed=1)
    soft = model.consistency(estimate, y, noise)
    strict = model.consistency(estimate, y, noise, strict=True)
    assert float((strict - truth).square().mean()) > 1.3 * float((soft - truth).square().mean())


def test_a_bright_map_under_a_wide_beam_ends_in_agreement_and_non_negative():
    """One additive step with a clip left such samples at a χ² of 5 and more."""
    model, noise = forward_model("psf", 8), PoissonNoise(torch.tensor([1.0]))
    generator = torch.Generator().manual_seed(0)
    truth = torch.full((1, 192, 192), 5.0, dtype=torch.float64)
    truth[:, 60:110, 40:150] = 4000.0  # an edge against next to nothing: what a clip hurts most
    y = torch.poisson(model.expected(truth), generator=generator)
    estimate = blur(truth[0], 6.0)[None]
    assert float(model.chi2(estimate, y, noise)) > 20
    for sample_generator, most in ((generator, 1.7), (None, 1.1)):
        moved = model.consistency(estimate, y, noise, generator=sample_generator)
        assert float(moved.min()) >= 0
        assert float(model.chi2(moved, y, noise)) < most
    assert float((moved - truth).square().mean()) < float((estimate - truth).square().mean())
