"""Particles of an estimate are doubted where samples do not have them; P(N) is judged."""

import numpy as np

from workers.assessment.calorimeter.imagined import (
    ALONE_MM,
    Calibration,
    energy_near,
    imagined,
    nearest_mm,
)
from workers.assessment.calorimeter.numbers import calibration_error, warmth
from workers.assessment.calorimeter.particles import Found, judge
from workers.assessment.risk import FeatureRisk

PITCH = 36.0


def hill(*cells: tuple[int, int]) -> np.ndarray:
    fine = np.zeros((1, 3, 16, 16), np.float32)
    for row, column in cells:
        fine[0, 1, row - 1 : row + 2, column - 1 : column + 2] += 100
        fine[0, 1, row, column] += 900
    return fine


def test_a_particle_few_samples_have_is_doubted():
    mean = hill((4, 4), (11, 11))
    samples = np.stack([hill((4, 4), (11, 11)), *[hill((4, 4))] * 3], axis=1)
    seen = imagined(mean, samples, PITCH, 500)
    assert np.allclose(seen.share, [0, 0.75])
    assert np.allclose(seen.mev, 1800)
    assert seen.error[0] == 0
    assert seen.error[1] > 500
    assert np.isfinite(seen.covariates()).all()


def test_energy_around_a_particle_is_that_of_nine_cells_even_at_the_edge():
    found = Found(np.array([0]), np.array([-7.5 * PITCH]), np.array([7.5 * PITCH]), np.ones(1), 1)
    assert energy_near(np.ones((1, 3, 16, 16), np.float32), found, PITCH)[0] == 12


def test_particles_alone_have_no_neighbour():
    x = np.array([0.0, 72.0, 0.0])
    found = Found(np.array([0, 0, 1]), x, np.zeros(3), np.ones(3), 2)
    assert np.allclose(nearest_mm(found), [72, 72, ALONE_MM])


def test_found_particles_that_are_none_are_told():
    found = Found(np.array([0, 0]), np.array([0.0, 150.0]), np.zeros(2), np.ones(2), 1)
    truth = Found(np.array([0]), np.array([10.0]), np.zeros(1), np.ones(1), 1)
    assert judge(found, truth).hit.tolist() == [True, False]


def test_overconfident_numbers_are_found_out_and_warmed():
    rng = np.random.default_rng(0)
    logits = rng.standard_normal((4000, 5))
    chances = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    number = 1 + np.array([rng.choice(5, p=p) for p in chances])
    assert abs(warmth(3 * logits, number) / 3 - 1) < 0.1
    sure, right = chances.max(axis=1), chances.argmax(axis=1) + 1 == number
    assert calibration_error(sure, right) < 0.04
    assert calibration_error(np.minimum(sure + 0.3, 1.0), right) > 0.2


def test_a_calibration_survives_its_card():
    risk = FeatureRisk(0.5, (1.0, 2.0, 3.0, 4.0))
    known = Calibration(500.0, (1.0, 2.0, 3.0), 1.5, 1.1, risk)
    assert Calibration.from_card(known.to_card()) == known
