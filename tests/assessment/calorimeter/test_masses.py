"""Masses of pairs: two photons of a π⁰ peak where they must, and what is seen wrongly shows."""

import numpy as np
import pytest

from workers.assessment.calorimeter.masses import pair_masses, peak

PION, DISTANCE = 134.98, 2000.0  # MeV, mm
Pairs = tuple[np.ndarray, ...]


def decays(count: int, rng: np.random.Generator, blur: float = 0.0) -> Pairs:
    """Both photons of π⁰ of 5 GeV along the axis: event, x and y in mm, energy in MeV."""
    gamma = 5000.0 / PION
    beta = np.sqrt(1 - gamma**-2)
    cosine, turn = rng.uniform(-0.9, 0.9, count), rng.uniform(0, 2 * np.pi, count)
    found = []
    for sign in (1, -1):
        energy = PION / 2 * gamma * (1 + beta * sign * cosine)
        across = sign * PION / 2 * np.sqrt(1 - cosine**2)
        along = PION / 2 * gamma * (sign * cosine + beta)
        reach = across / along * DISTANCE
        found.append((np.arange(count), reach * np.cos(turn), reach * np.sin(turn), energy))
    event, x, y, energy = (np.concatenate(each) for each in zip(*found, strict=True))
    x, y = (each + blur * rng.standard_normal(len(x)) for each in (x, y))
    return event, x, y, energy


def test_two_photons_have_the_mass_they_came_from():
    masses = pair_masses(*decays(50, np.random.default_rng(1)), DISTANCE)
    np.testing.assert_allclose(masses, PION, rtol=1e-3)


def test_the_peak_is_found_through_the_blur_of_a_calorimeter():
    rng = np.random.default_rng(2)
    found = peak(pair_masses(*decays(400, rng, blur=3.0), DISTANCE), rng)
    assert found.pairs == 400
    assert found.low <= found.mev <= found.high
    assert found.mev == pytest.approx(PION, rel=0.08)


def test_energies_that_are_wrong_by_a_fifth_move_the_peak_out_of_its_interval():
    rng = np.random.default_rng(3)
    event, x, y, energy = decays(400, rng, blur=3.0)
    found = peak(pair_masses(event, x, y, 1.2 * energy, DISTANCE), rng)
    assert found.low > PION


def test_pairs_that_do_not_belong_together_are_broad():
    rng = np.random.default_rng(4)
    event, x, y, energy = decays(400, rng)
    alike = peak(pair_masses(event, x, y, energy, DISTANCE), rng)
    strangers = np.r_[event[:400], rng.permutation(400)]
    mixed = peak(pair_masses(strangers, x, y, energy, DISTANCE), rng)
    assert mixed.half_width > 20 * alike.half_width


def test_events_of_one_or_three_particles_count_for_nothing_and_few_pairs_are_no_peak():
    event, x, y, energy = decays(10, np.random.default_rng(5))
    lonely = pair_masses(event[:10], x[:10], y[:10], energy[:10], DISTANCE)
    three = pair_masses(np.r_[event, event[:10]], *(np.r_[a, a[:10]] for a in (x, y, energy)), 1.0)
    assert len(lonely) == len(three) == 0
    assert peak(pair_masses(event, x, y, energy, DISTANCE), np.random.default_rng(0)) is None
