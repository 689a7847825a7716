"""What the data fixed, against tabulated values and simple limits."""

import numpy as np
import pytest
import torch

from tests.data import data_path
from workers.assessment.evidence import (
    evidence_map,
    measurement_share,
    resolution_of_evidence,
    three_way,
)
from workers.assessment.smooth import smooth_image
from workers.physics import PoissonNoise, forward_model
from workers.physics.spectrum import Fit, fit_specimen
from workers.stationary import Specimen, fine_frequencies

# Rows: exponent, factor; columns: 2, 4, 8, 12 pixels FWHM. Noise is a tenth of the image's
# standard deviation.
SHARES = {
    (2.0, 2): (0.75, 0.97, 1.00, 1.00),
    (3.0, 2): (0.81, 0.98, 1.00, 1.00),
    (2.0, 4): (0.22, 0.74, 0.97, 0.99),
    (3.0, 4): (0.34, 0.83, 0.99, 1.00),
    (2.0, 8): (0.02, 0.21, 0.71, 0.91),
    (3.0, 8): (0.06, 0.33, 0.81, 0.96),
}


def variance(specimen: Specimen, size: int = 256) -> float:
    qy, qx = fine_frequencies(size, size)
    spectrum = specimen.spectrum(qy**2 + qx**2)
    spectrum[0, 0] = 0
    return float(spectrum.mean())


@pytest.mark.parametrize("case", SHARES)
def test_measurement_shares_match_the_tabulated_ones(case):
    exponent, factor = case
    specimen = Specimen(1.0, exponent, 0.0)
    model, noise = forward_model("binned", factor), [0.01 * variance(specimen)]
    found = [float(measurement_share(model, specimen, noise, s)[0]) for s in (2, 4, 8, 12)]
    assert found == pytest.approx(SHARES[case], abs=0.02)


@pytest.mark.parametrize(("name", "factor"), [("fine", 1), ("point", 4), ("line", 4), ("psf", 4)])
def test_a_share_lies_between_none_and_all_and_falls_with_noise(name, factor):
    specimen = Specimen(1.0, 3.0, 0.4)
    noise = variance(specimen) * np.geomspace(1e-4, 1e4, 9)
    shares = measurement_share(forward_model(name, factor), specimen, noise, 6.0)
    assert bool((np.diff(shares) < 0).all())
    assert shares[0] > 0.8
    assert 0 <= shares[-1] < 0.05


def test_the_resolution_of_evidence_grows_with_the_factor_and_is_none_in_noise():
    specimen = Specimen(1.0, 2.0, 0.0)
    fit = Fit(specimen, 0.01 * variance(specimen), 1.0)
    halves = [resolution_of_evidence(forward_model("binned", f), fit).half for f in (2, 4, 8)]
    assert halves[0] <= 2 < halves[1] < 4 < halves[2] < 8
    assert resolution_of_evidence(forward_model("binned", 4), None).half == float("inf")
    drowned = Fit(specimen, 1e6 * variance(specimen), 1.0)
    assert resolution_of_evidence(forward_model("binned", 4), drowned).half == float("inf")


def measured(name: str, factor: int, counts: float = 200.0):
    """A specimen with structure in channel 0 and nothing but counts in channel 1."""
    rng = np.random.default_rng(0)
    q = np.hypot(np.fft.fftfreq(192)[:, None], np.fft.fftfreq(192)[None, :])
    field = np.fft.ifft2(np.fft.fft2(rng.standard_normal((192, 192))) * (q**2 + 4e-4) ** -0.75).real
    truth = counts * np.exp(0.5 * field / field.std())
    model = forward_model(name, factor)
    x = torch.from_numpy(np.stack([truth, np.full_like(truth, 5.0)]))
    y = torch.poisson(model.expected(x), generator=torch.Generator().manual_seed(0))
    mask = torch.ones(y.shape[-2:], dtype=torch.bool)
    fits = [fit_specimen(model, v, 1.0, mask.numpy()) for v in y.numpy()]
    return x, y, model, PoissonNoise(torch.ones(2)), fits, mask


@pytest.mark.parametrize(
    ("name", "factor"), [("fine", 1), ("binned", 4), ("binned", 3), ("point", 2), ("psf", 4)]
)
def test_the_smooth_image_agrees_with_the_counts_and_is_near_the_truth(name, factor):
    x, y, model, noise, fits, mask = measured(name, factor)
    assert fits[1] is None
    smooth = smooth_image(y, model, noise, fits, mask)
    assert bool((noise.chi2(model.expected(smooth), y) < 1.05).all())
    replicated = y.repeat_interleave(factor, -1).repeat_interleave(factor, -2)
    error, naive = (float((z - x)[0].square().mean()) for z in (smooth, replicated))
    assert error < 0.85 * naive
    assert float(smooth[1].std()) < 0.2
    strict = smooth_image(y, model, noise, fits, mask, strict=True)
    assert torch.allclose(model.expected(strict), y, rtol=1e-9, atol=1e-6)


def test_what_was_not_measured_does_not_disturb_the_smooth_image():
    _, y, model, noise, fits, mask = measured("binned", 4)
    mask[:, :6] = False
    broken = torch.where(mask, y, 0.0)
    smooth = smooth_image(broken, model, noise, fits, mask)
    whole = smooth_image(y, model, noise, fits, torch.ones_like(mask))
    assert torch.allclose(smooth[0, :, 48:], whole[0, :, 48:], rtol=0.1)
    evidence = evidence_map(model.expected(smooth), model, torch.ones(2), fits, mask)
    assert float(evidence[:, :, :24].abs().max()) == 0
    assert float(evidence[0, :, 24:].min()) > 0.3
    assert float(evidence[1].max()) == 0


def test_evidence_falls_where_there_are_fewer_counts():
    _, _, model, _, fits, mask = measured("binned", 4)
    mean = torch.full((2, *mask.shape), 400.0)
    mean[:, :, 24:] = 4.0
    evidence = evidence_map(mean, model, torch.ones(2), fits, mask)[0]
    # With the prior of one specimen for the whole map, fewer counts scatter less in counts.
    assert float(evidence[:, 0].min()) < float(evidence[:, -1].max())
    more = evidence_map(mean, model, torch.full((2,), 9.0), fits, mask)[0]
    assert bool((more < evidence).all())


def test_the_three_parts_add_up_and_the_learned_one_is_invisible():
    x, y, model, noise, fits, mask = measured("binned", 4)
    smooth = smooth_image(y, model, noise, fits, mask, strict=True)
    estimate = model.consistency(x, y, noise, mask, strict=True)
    split = three_way(estimate, smooth, model)
    assert torch.allclose(split.measured + split.smooth + split.learned, estimate)
    assert float(model.expected(split.learned).abs().max()) < 1e-9
    assert torch.allclose(split.shares.sum(dim=-1), torch.ones(2).double())
    assert float(three_way(smooth, smooth, model).learned.abs().max()) < 1e-9


def test_with_every_pixel_measured_the_difference_from_smooth_is_what_was_supplied():
    x, y, model, noise, fits, mask = measured("fine", 1)
    smooth = smooth_image(y, model, noise, fits, mask)
    split = three_way(x, smooth, model)
    assert torch.allclose(split.learned, x - smooth)
    flat = three_way(torch.ones_like(x), torch.ones_like(x), model)
    assert torch.equal(flat.shares[0], torch.tensor([1.0, 0.0, 0.0]).double())


def test_the_smooth_image_of_a_real_short_scan_beats_a_tuned_gaussian():
    """obj1 at 1/16 of its dwell: 26.17 dB is the best Gaussian chosen against the truth."""
    import tifffile

    folder = data_path("xray/amnh-meteorite-obj1")
    elements = ("Si", "Mg", "Fe", "Al", "Ca", "Ni", "S", "Cr")
    truth = np.stack([tifffile.imread(folder / f"obj1_32bt_{e}.tif") for e in elements])
    x = torch.from_numpy(truth.astype(np.float64))
    model = forward_model("fine", 1)
    y = torch.poisson(x / 16, generator=torch.Generator().manual_seed(0))
    mask = torch.ones(y.shape[-2:], dtype=torch.bool)
    fits = [fit_specimen(model, v, 1.0, mask.numpy()) for v in y.numpy()]
    smooth = 16 * smooth_image(y, model, PoissonNoise(torch.ones(8)), fits, mask)
    error = (smooth - x).square().mean(dim=(1, 2)).numpy()
    top = np.quantile(truth.reshape(8, -1), 0.999, axis=1)
    assert float(np.mean(10 * np.log10(top**2 / error))) > 26.17
