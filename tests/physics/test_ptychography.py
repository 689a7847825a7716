"""Scanning diffraction: adjoints, energy, sub-pixel places, and one projection."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from workers.physics.noise import PoissonNoise
from workers.physics.propagation import (
    FarField,
    NearField,
    Propagator,
    fourier,
    inverse_fourier,
    shift_phases,
)
from workers.physics.ptychography import Ptychography, intensity, misfit

SIDE, SHAPE = 16, (40, 36)
PROPAGATORS = [FarField(), NearField(0.15, SIDE)]


def noise_of(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, dtype=torch.complex64, generator=torch.Generator().manual_seed(seed))


def smooth_probe(modes: int = 2) -> Tensor:
    """Gaussian spots with a curved phase, well inside the field; the second is a dumbbell."""
    at = torch.arange(SIDE) - SIDE / 2
    squared = at[:, None] ** 2 + at**2
    spot = torch.exp(-squared / 12) * torch.exp(0.1j * squared)
    return torch.stack([spot, spot * at / 4])[:modes].to(torch.complex64) * 30


def model(propagator: Propagator, n: int = 7, modes: int = 2, seed: int = 1) -> Ptychography:
    generator = torch.Generator().manual_seed(seed)
    room = torch.tensor(SHAPE, dtype=torch.float64) - SIDE - 1
    places = torch.rand(n, 2, generator=generator, dtype=torch.float64) * room
    return Ptychography(smooth_probe(modes), places, SHAPE, propagator)


def inner(a: Tensor, b: Tensor) -> complex:
    return complex((a.to(torch.complex128).conj() * b).sum())


def close(a: complex, b: complex) -> bool:
    return abs(a - b) <= 1e-4 * (abs(a) + abs(b) + 1)


@pytest.mark.parametrize("propagator", PROPAGATORS, ids=["far", "near"])
@given(seed=st.integers(0, 10_000))
@settings(max_examples=10, deadline=None)
def test_every_step_has_its_exact_adjoint(propagator: Propagator, seed: int) -> None:
    seen = model(propagator, seed=seed)
    phases = seen.phases()
    x, fields = noise_of(*SHAPE, seed=seed), noise_of(7, SIDE, SIDE, seed=seed + 1)
    assert close(inner(seen.fields(x), fields), inner(x, seen.place(fields)))
    waves = noise_of(7, 2, SIDE, SIDE, seed=seed + 2)
    probes = seen.probes(phases)
    assert close(inner(probes, waves), inner(seen.probe, seen.gathered(waves, phases)))
    far = seen.to_detector(probes, phases)
    assert close(inner(far, waves), inner(probes, seen.from_detector(waves, phases)))
    torch.testing.assert_close(seen.from_detector(far, phases), probes, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("propagator", PROPAGATORS, ids=["far", "near"])
def test_no_count_is_gained_or_lost_on_the_way(propagator: Propagator) -> None:
    seen = model(propagator)
    x = noise_of(*SHAPE)
    through = (seen.probes(seen.phases()) * seen.fields(x)[:, None]).abs().square()
    there = seen.expected(x).sum(dim=(1, 2))
    torch.testing.assert_close(there, through.sum(dim=(1, 2, 3)), rtol=1e-4, atol=0.1)


@pytest.mark.parametrize("propagator", PROPAGATORS, ids=["far", "near"])
def test_the_gradient_is_that_of_the_likelihood(propagator: Propagator) -> None:
    seen, x = model(propagator), 1 + 0.1 * noise_of(*SHAPE)
    jvp, vjp = seen.linearise(x)
    direction, cotangent = noise_of(*SHAPE, seed=5), noise_of(7, SIDE, SIDE, seed=6).real
    along = float((jvp(direction) * cotangent).sum())
    back = inner(vjp(cotangent), direction).real
    assert close(along, back)
    step = 1e-2
    rise = (seen.expected(x + step * direction) - seen.expected(x - step * direction)) / (2 * step)
    torch.testing.assert_close(jvp(direction), rise, rtol=2e-2, atol=2.0)


@given(st.floats(-0.5, 0.5), st.floats(-0.5, 0.5))
@settings(max_examples=15, deadline=None)
def test_a_place_between_pixels_sees_the_object_moved_back(down: float, right: float) -> None:
    """In the near field a frame is of the object under a beam that stands still."""
    shift = torch.tensor([down, right], dtype=torch.float64)
    at = torch.arange(40.0)
    rows, columns = at[:, None], at[None, :36]
    bump = torch.exp(-((rows - 20) ** 2 + (columns - 18) ** 2) / 18)
    x = (1 + 0.5 * bump * (1 + 1j)).to(torch.complex64)
    moved = 1 + 0.5 * (1 + 1j) * torch.exp(
        -((rows - 20 + down) ** 2 + (columns - 18 + right) ** 2) / 18
    )
    for propagator in PROPAGATORS:
        whole = torch.tensor([[12.0, 10.0]], dtype=torch.float64)
        here = Ptychography(smooth_probe(), whole + shift, SHAPE, propagator).expected(x)
        there = Ptychography(smooth_probe(), whole, SHAPE, propagator).expected(
            moved.to(torch.complex64)
        )
        assert float((here - there).abs().max()) < 0.02 * float(there.max())


def test_the_shift_theorem_moves_by_whole_pixels_exactly() -> None:
    wave = noise_of(SIDE, SIDE)
    phases = shift_phases(torch.tensor([[3.0, -2.0]]), SIDE)[0]
    moved = inverse_fourier(fourier(wave) * phases)
    torch.testing.assert_close(moved, wave.roll((3, -2), (0, 1)), rtol=1e-4, atol=1e-4)


def test_a_magnifying_beam_is_a_parallel_one_of_smaller_pixels() -> None:
    near = NearField.magnified(
        wavelength=1e-10, to_object=0.5, to_detector=0.5, pixel=1e-6, side=256
    )
    same = NearField((0.5e-6) ** 2 / (1e-10 * 0.25), 256)
    wave = noise_of(256, 256)
    torch.testing.assert_close(near.to_detector(wave), same.to_detector(wave))


def test_a_fresnel_number_the_array_cannot_hold_is_refused() -> None:
    with pytest.raises(ValueError, match="not sampled by 64 pixels"):
        NearField(0.01, 64)


def test_a_field_that_leaves_the_object_is_refused() -> None:
    places = torch.tensor([[30.0, 0.0]], dtype=torch.float64)
    with pytest.raises(ValueError, match="wider border"):
        Ptychography(smooth_probe(), places, SHAPE, FarField())


def test_a_projected_wave_has_the_counted_amplitude_and_its_own_phase() -> None:
    waves = noise_of(3, 2, SIDE, SIDE)
    counts = torch.poisson(torch.full((3, SIDE, SIDE), 5.0))
    there = waves + misfit(waves, counts)
    torch.testing.assert_close(intensity(there), counts, rtol=1e-3, atol=1e-3)
    seen = counts > 0
    turn = (there[:, 0] / waves[:, 0]).angle()[seen]
    assert float(turn.abs().max()) < 1e-3
    dead = torch.ones(SIDE, SIDE, dtype=torch.bool)
    dead[0] = False
    assert float(misfit(waves, counts, dead)[:, :, 0].abs().max()) == 0


@pytest.mark.parametrize("propagator", PROPAGATORS, ids=["far", "near"])
def test_consistency_brings_a_wrong_object_to_its_frames(propagator: Propagator) -> None:
    seen = model(propagator, n=30, modes=1)
    truth = torch.polar(torch.ones(SHAPE), 0.8 * torch.sin(torch.arange(36.0) / 1.5).expand(SHAPE))
    y = torch.poisson(seen.expected(truth), generator=torch.Generator().manual_seed(2))
    noise, x = PoissonNoise(torch.tensor(1.0)), torch.ones(SHAPE, dtype=torch.complex64)
    before = seen.chi2(x, y, noise).mean()
    for _ in range(60):
        x = seen.consistency(x, y, noise)
    after = seen.chi2(x, y, noise).mean()
    assert float(after) < 1.5
    assert float(before) - 1 > 2 * (float(after) - 1)


def test_consistency_leaves_an_object_within_the_noise_alone() -> None:
    seen = model(FarField(), n=30, modes=1)
    truth = torch.ones(SHAPE, dtype=torch.complex64)
    y = torch.poisson(seen.expected(truth), generator=torch.Generator().manual_seed(2))
    moved = seen.consistency(truth, y, PoissonNoise(torch.tensor(1.0)))
    assert float((moved - truth).abs().max()) < 0.05
