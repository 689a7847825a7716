"""Properties of the linear forward models at any factor, shape and dtype."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.physics import CellModel, GaussianNoise, PoissonNoise, forward_model

samplings = st.one_of(
    st.just(("fine", 1)),
    st.tuples(st.sampled_from(["binned", "point", "line", "psf"]), st.integers(2, 8)),
)
sizes = st.tuples(st.integers(1, 9), st.integers(1, 9))
seeds = st.integers(0, 2**31)


def draw(seed: int, *shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed)).double()


@settings(max_examples=80, deadline=None)
@given(samplings, sizes, seeds)
def test_the_adjoint_is_the_transpose(sampling, size, seed):
    model, (h, w) = forward_model(*sampling), size
    f = model.factor
    x, y = draw(seed, 2, f * h, f * w), draw(seed + 1, 2, h, w)
    left, right = (model.expected(x) * y).sum(), (x * model.adjoint(y)).sum()
    assert float((left - right).abs()) < 1e-10 * float(x.norm() * y.norm())


@settings(max_examples=80, deadline=None)
@given(samplings, sizes, seeds, st.floats(0, 0.6))
def test_measuring_the_pseudo_inverse_returns_the_measurement(sampling, size, seed, unmeasured):
    model, (h, w) = forward_model(*sampling), size
    y = draw(seed, 2, h, w)
    assert torch.allclose(model.expected(model.pseudo_inverse(y)), y, rtol=0, atol=1e-10)
    mask = torch.rand(h, w, generator=torch.Generator().manual_seed(seed)) >= unmeasured
    masked = model.expected(model.pseudo_inverse(y, mask))
    assert torch.allclose(masked[:, mask], y[:, mask], rtol=0, atol=1e-10)


@settings(max_examples=60, deadline=None)
@given(samplings, sizes, seeds)
def test_split_and_join_undo_each_other(sampling, size, seed):
    model, (h, w) = forward_model(*sampling), size
    x = draw(seed, 2, model.factor * h, model.factor * w)
    measured, null = model.split(x)
    assert torch.allclose(model.expected(null), torch.zeros(1).double(), atol=1e-10)
    assert torch.allclose(model.join(measured, null), x, atol=1e-10)
    other = draw(seed + 1, 2, h, w)
    assert torch.allclose(model.expected(model.join(other, x)), other, atol=1e-10)


@settings(max_examples=60, deadline=None)
@given(samplings, sizes, seeds)
def test_a_constant_stays_that_constant_to_the_border(sampling, size, seed):
    model, (h, w) = forward_model(*sampling), size
    x = torch.full((model.factor * h, model.factor * w), 7.5, dtype=torch.float64)
    assert torch.allclose(model.expected(x), torch.full((h, w), 7.5).double(), atol=1e-12)


@settings(max_examples=30, deadline=None)
@given(st.integers(2, 8), sizes, seeds)
def test_binning_and_its_consistency_keep_every_count(factor, size, seed):
    model, (h, w) = forward_model("binned", factor), size
    x = draw(seed, 3, factor * h, factor * w).abs() * 50
    assert torch.allclose(model.expected(x).mean(), x.mean())
    y = torch.poisson(model.expected(x))
    strict = model.consistency(x, y, PoissonNoise(torch.ones(3)), strict=True)
    assert torch.allclose(strict.mean(dim=(-2, -1)), y.mean(dim=(-2, -1)))


@settings(max_examples=40, deadline=None)
@given(samplings.filter(lambda s: s[0] != "psf"), sizes, seeds)
def test_a_cell_basis_is_orthonormal_and_its_later_rows_are_unseen(sampling, size, seed):
    model, (h, w) = forward_model(*sampling), size
    edge = model.block
    basis = model.cell_basis()
    assert torch.allclose(basis @ basis.T, torch.eye(edge**2).double(), atol=1e-12)
    x = draw(seed, 2, edge * h, edge * w)
    coefficients = model.to_coefficients(x)
    assert coefficients.shape == (2, edge**2, h, w)
    assert torch.allclose(model.from_coefficients(coefficients), x, atol=1e-12)
    if model.name != "fine":
        coefficients[..., 0, :, :] = 0
        unseen = model.expected(model.from_coefficients(coefficients))
        assert torch.allclose(unseen, torch.zeros(1).double(), atol=1e-12)


def test_coefficient_zero_is_the_measurement_itself():
    for name, scale in (("binned", 4.0), ("point", 1.0), ("line", 2.0)):
        model = forward_model(name, 4)
        x = draw(3, 1, 8, 12)
        assert torch.allclose(model.to_coefficients(x)[:, 0], scale * model.expected(x))


def test_each_sampling_sees_the_pixels_it_says():
    x = torch.arange(64, dtype=torch.float64).reshape(8, 8)
    assert torch.equal(forward_model("point", 4).expected(x), x[::4, ::4])
    assert torch.equal(forward_model("line", 4).expected(x), x[::4].reshape(2, 2, 4).mean(dim=-1))
    assert torch.equal(
        forward_model("binned", 4).expected(x), x.reshape(2, 4, 2, 4).mean(dim=(1, 3))
    )


@pytest.mark.parametrize("factor", [2, 3, 4, 5, 8])
def test_a_beam_is_centred_on_its_cell_for_odd_and_even_factors(factor):
    """A ramp is measured at the cell centres f·i + (f − 1)/2, away from the border."""
    ramp = torch.arange(12 * factor, dtype=torch.float64).expand(12 * factor, -1)
    centres = factor * torch.arange(12, dtype=torch.float64) + (factor - 1) / 2
    measured = forward_model("psf", factor).expected(ramp)
    assert torch.allclose(measured[4:8, 4:8], centres[4:8].expand(4, -1), atol=1e-10)


@pytest.mark.parametrize("name", ["binned", "point", "line", "psf"])
@pytest.mark.parametrize("factor", [2, 3, 4, 8])
def test_strict_consistency_holds_to_float32_precision_on_raw_counts(name, factor):
    model = forward_model(name, factor)
    generator = torch.Generator().manual_seed(factor)
    x = (3 * torch.rand(2, 10 * factor, 6 * factor, generator=generator)).float()
    x[..., : 2 * factor, :] = 0  # an empty corner, where there is nothing to scale
    y = torch.poisson(torch.full((2, 10, 6), 2.0), generator=generator)
    y[0] *= 1000
    settled = model.consistency(x, y, PoissonNoise(torch.ones(2)), strict=True)
    # A beam sees its neighbours too, so its rounding is that of the largest value around.
    unit = y.amax(dim=(-2, -1), keepdim=True) if name == "psf" else y.clamp_min(1)
    assert float(((model.expected(settled) - y).abs() / unit).max()) < 1e-6
    if name != "psf":
        assert float(settled.min()) >= 0


@pytest.mark.parametrize("name", ["binned", "point", "line", "psf"])
def test_single_precision_follows_double(name):
    model = forward_model(name, 4)
    x = draw(1, 3, 48, 64).abs() * 100
    single = model.expected(x.float())
    assert single.dtype == torch.float32
    assert torch.allclose(single.double(), model.expected(x), rtol=1e-5)


@pytest.mark.parametrize("name", ["binned", "point", "line"])
def test_nothing_of_a_sample_shrinks_where_the_noise_is_perturbed(name):
    """Prior samples made consistent have the spread of the exact posterior (scalar A Aᵀ)."""
    model = forward_model(name, 2)
    generator = torch.Generator().manual_seed(0)
    prior = torch.randn(400, 24, 24, generator=generator).double()
    truth, sigma = prior[0], 0.4
    scale = float(model.expected(prior).std())
    noise = GaussianNoise(torch.tensor(sigma * scale))
    y = model.expected(truth)
    y = y + sigma * scale * torch.randn(y.shape, generator=generator).double()
    settled = model.consistency(prior[1:], y, noise, generator=generator)
    spread = model.expected(settled).std(dim=0).mean() / scale
    posterior = (sigma**2 / (1 + sigma**2)) ** 0.5
    assert abs(float(spread) - posterior) < 0.05
    assert abs(float(model.chi2(settled, y, noise).mean()) - 1) < 0.1
    frozen = model.consistency(prior[1:], y, noise)
    assert float(model.expected(frozen).std(dim=0).mean() / scale) < 0.6 * posterior


def test_a_shape_that_does_not_fit_is_refused_with_a_sentence():
    for name in ("binned", "psf"):
        with pytest.raises(ValueError, match="10 × 12 pixels does not divide"):
            forward_model(name, 4).expected(torch.zeros(10, 12))


@pytest.mark.parametrize(
    ("name", "factor", "options", "sentence"),
    [
        ("binned", 1, {}, "use 2 or more"),
        ("fine", 2, {}, "use 1"),
        ("spiral", 2, {}, "choose one of fine, binned"),
        ("psf", 2, {"sigma_px": 5.0}, "at most the step"),
        ("binned", 2, {"sigma_px": 1.0}, "no beam width"),
    ],
)
def test_an_impossible_model_is_refused_with_a_sentence(name, factor, options, sentence):
    with pytest.raises(ValueError, match=sentence):
        forward_model(name, factor, **options)


def test_cells_refuse_the_wrong_number_of_coefficients():
    model = forward_model("binned", 2)
    assert isinstance(model, CellModel)
    with pytest.raises(ValueError, match="has 4"):
        model.from_coefficients(torch.zeros(9, 3, 3))
