"""A wrongly chosen operator shows in the spectrum of the measured map."""

import numpy as np
import pytest
import tifffile
import torch

from tests.data import data_path
from workers.physics import forward_model, operator_check

OPERATORS = ("binned", "point", "line", "psf")


def specimen(size: int, seed: int) -> np.ndarray:
    """A stationary map with a k⁻³ spectrum, counts, `(2, size, size)`."""
    rng = np.random.default_rng(seed)
    k = np.hypot(np.fft.fftfreq(size)[:, None], np.fft.fftfreq(size)[None, :])
    shape = (k**2 + 64.0**-2) ** -0.75
    fields = np.fft.ifft2(np.fft.fft2(rng.standard_normal((2, size, size))) * shape).real
    return 2000 * np.exp(0.4 * fields / fields.std())


def chondrule() -> np.ndarray:
    """All ten elements of a real meteorite map, counts, `(10, 512, 512)`."""
    files = sorted(data_path("xray/amnh-meteorite-obj1").glob("obj1_32bt_*.tif"))
    return np.stack([tifffile.imread(file) for file in files]).astype(np.float64)


def measure(truth: np.ndarray, name: str, factor: int) -> np.ndarray:
    mean = forward_model(name, factor).expected(torch.from_numpy(truth))
    return torch.poisson(mean, generator=torch.Generator().manual_seed(0)).numpy()


@pytest.mark.parametrize("real", OPERATORS)
def test_the_right_operator_has_chi_square_one_and_is_not_suspected(real):
    check = operator_check(real, 4, measure(specimen(512, 0), real, 4), np.ones(2))
    assert not check.suspicious
    assert check.chi2[real] == pytest.approx(1, abs=0.03)


@pytest.mark.parametrize(
    ("real", "chosen"),
    [
        ("binned", "psf"),
        ("point", "psf"),
        ("line", "psf"),
        ("psf", "point"),
        ("psf", "line"),
        ("binned", "line"),
        ("point", "line"),
        ("line", "binned"),
    ],
)
def test_a_wrong_operator_is_noticed(real, chosen):
    check = operator_check(chosen, 4, measure(specimen(512, 0), real, 4), np.ones(2))
    assert check.suspicious
    assert "would fit better" in check.sentence


@pytest.mark.parametrize("real", OPERATORS)
def test_a_real_map_does_not_raise_a_false_alarm(real):
    y = measure(chondrule(), real, 4)
    assert not operator_check(real, 4, y, np.ones(10)).suspicious


@pytest.mark.parametrize(("real", "chosen"), [("binned", "psf"), ("point", "psf"), ("line", "psf")])
def test_a_wrong_operator_is_noticed_on_a_real_map(real, chosen):
    y = measure(chondrule(), real, 4)
    assert operator_check(chosen, 4, y, np.ones(10)).suspicious


def test_unmeasured_pixels_do_not_decide():
    y = measure(specimen(512, 1), "line", 4)
    mask = np.ones(y.shape[-2:], dtype=bool)
    mask[:, :20] = False
    y[:, ~mask] = 0
    assert operator_check("binned", 4, y, np.ones(2), mask).suspicious
    assert not operator_check("line", 4, y, np.ones(2), mask).suspicious


def test_what_cannot_be_told_is_said():
    noise = np.random.default_rng(0).poisson(3.0, (1, 64, 64)).astype(float)
    assert "noise hides" in operator_check("binned", 4, noise, np.ones(1)).sentence
    assert "too small" in operator_check("binned", 4, noise[:, :8, :8], np.ones(1)).sentence
    assert "no choice" in operator_check("fine", 1, noise, np.ones(1)).sentence
    empty = np.zeros((1, 64, 64))
    assert not operator_check("binned", 2, empty, np.ones(1)).suspicious
