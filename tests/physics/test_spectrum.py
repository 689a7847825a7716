"""The stationary picture of a specimen, fitted through the operator that measured it."""

import numpy as np
import pytest
import torch

from workers.physics import forward_model
from workers.physics.masks import fill_unmeasured
from workers.physics.spectrum import fit_specimen, transfer
from workers.stationary import Specimen

MODELS = [("fine", 1), ("binned", 4), ("binned", 3), ("point", 2), ("line", 4), ("psf", 4)]


@pytest.mark.parametrize(("name", "factor"), MODELS)
def test_the_transfer_is_what_the_model_does_to_a_wave(name, factor):
    model, cells = forward_model(name, factor), 24
    size = cells * factor
    qy, qx = 3 / size, -5 / size
    place = np.arange(size)
    wave = np.exp(2j * np.pi * (qy * place[:, None] + qx * place[None, :]))
    seen = model.expected(torch.from_numpy(wave.real)) + 1j * model.expected(
        torch.from_numpy(wave.imag)
    )
    response = transfer(model, np.array([[qy]]), np.array([[qx]]))[0, 0]
    inner = slice(8, -8)  # a beam is reflected at the border
    expected = response * wave[::factor, ::factor]
    assert np.allclose(seen.numpy()[inner, inner], expected[inner, inner])


def field(specimen: Specimen, size: int, seed: int) -> torch.Tensor:
    rng = np.random.default_rng(seed)
    q = np.fft.fftfreq(size)
    spectrum = specimen.spectrum(q[:, None] ** 2 + q[None, :] ** 2)
    white = np.fft.fft2(rng.standard_normal((size, size)))
    return torch.from_numpy(np.fft.ifft2(white * np.sqrt(spectrum)).real)


@pytest.mark.parametrize(("name", "factor"), MODELS)
def test_a_specimen_is_recovered_through_its_operator(name, factor):
    """Its power at the scales the operator sees, from counts, within a few percent."""
    model, truth = forward_model(name, factor), Specimen(5.0, 3.0, 0.4)
    x = 2000 + field(truth, 128 * factor, seed=factor)
    y = torch.poisson(model.expected(x), generator=torch.Generator().manual_seed(0)).numpy()
    fit = fit_specimen(model, y, 1.0, np.ones(y.shape, dtype=bool))
    assert fit is not None
    assert fit.chi2 == pytest.approx(1, abs=0.05)
    assert fit.noise == pytest.approx(2000, rel=0.02)
    q2 = (np.array([0.1, 0.2]) / factor) ** 2
    ratio = fit.specimen.spectrum(q2) / truth.spectrum(q2)
    assert bool((np.abs(np.log(ratio)) < 0.25).all())


def test_counts_without_structure_have_no_specimen():
    model, everywhere = forward_model("binned", 2), np.ones((64, 64), dtype=bool)
    noise = np.random.default_rng(0).poisson(9.0, (64, 64)).astype(float)
    assert fit_specimen(model, noise, 1.0, everywhere) is None
    assert fit_specimen(model, np.zeros((64, 64)), 1.0, everywhere) is None
    assert fit_specimen(model, noise, 1.0, ~everywhere) is None


def test_unmeasured_pixels_take_the_nearest_value():
    values = np.arange(12.0).reshape(1, 3, 4)
    mask = np.ones((3, 4), dtype=bool)
    mask[1, 1] = mask[:, 3] = False
    filled = fill_unmeasured(values, mask)
    assert filled[0, :, 3].tolist() == [2.0, 6.0, 10.0]
    assert filled[0, 1, 1] in (1.0, 4.0, 6.0, 9.0)
    assert np.array_equal(filled[0][mask], values[0][mask])
    assert np.array_equal(fill_unmeasured(values, np.zeros((3, 4), dtype=bool)), values)
