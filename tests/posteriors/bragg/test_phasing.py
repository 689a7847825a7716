"""A crystal of known shape and strain is found from the amplitude of its transform."""

import pytest
import torch
from torch import Tensor

from workers.posteriors.bragg.alike import alike
from workers.posteriors.bragg.curve import amplitudes
from workers.posteriors.bragg.phasing import Crystal, phased

SIDE = 24


def crystal() -> Tensor:
    """A box with two corners cut off, strained by half a radian across."""
    at = torch.arange(SIDE) - SIDE // 2
    z, y, x = at[:, None, None], at[:, None], at
    inside = (z.abs() < 4) & (y.abs() < 5) & (x.abs() < 3) & (z + y < 5) & (x - y < 5)
    return torch.polar(inside.float(), 0.5 * (z / 4 + 0 * y + 0 * x).expand(SIDE, SIDE, SIDE))


def solved(seed: int) -> Crystal:
    amplitude = torch.fft.fftn(crystal(), norm="ortho").abs()
    return phased(amplitude, torch.Generator().manual_seed(seed))


def test_a_crystal_is_found_from_two_starts() -> None:
    first, second = solved(0), solved(1)
    for found in (first, second):
        assert found.misfit[-1] < 0.02
        assert alike(found.density, crystal())[1] > 0.95
    assert alike(first.density, second.density)[1] > 0.95


def test_the_same_generator_gives_the_same_crystal() -> None:
    assert torch.equal(solved(3).density, solved(3).density)


def test_what_a_rocking_curve_cannot_fix_is_undone() -> None:
    there = crystal()
    turned = there.conj().resolve_conj().flip((0, 1, 2)).roll((3, -2, 5), dims=(0, 1, 2)) * 1j
    back, strength = alike(turned, there)
    assert strength == pytest.approx(1, abs=1e-5)
    assert torch.allclose(back, there, atol=1e-4)


def test_the_brightest_pixel_comes_first() -> None:
    counts = torch.poisson(torch.ones(40, 36, 38), torch.Generator().manual_seed(0))
    counts[21, 17, 20] = 400
    found = amplitudes(counts, SIDE, 3)
    assert found.shape == (SIDE, SIDE, SIDE)
    assert float(found[0, 0, 0]) == 20
    assert float(found[found > 0].square().min()) > 2.5  # counts of one and two are background


@pytest.mark.parametrize(("side", "threshold"), [(50, 0.5), (SIDE, 1e9)])
def test_a_curve_that_cannot_be_used_is_refused(side: int, threshold: float) -> None:
    with pytest.raises(ValueError, match=r"choose a smaller one|lower the threshold"):
        amplitudes(torch.ones(40, 40, 40), side, threshold)
