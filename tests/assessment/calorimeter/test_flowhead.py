"""The reconstruction that ships: whole, and right where a person would be."""

import hashlib

import numpy as np
import pytest
from safetensors.torch import load_file

from tests.assessment.calorimeter.test_scores import spot
from workers.assessment.calorimeter.flowhead import reconstructed
from workers.assessment.calorimeter.particles import Found, judge
from workers.assessment.calorimeter.splits import uniform
from workers.networks.particlenet import MOST
from workers.physics.calorimeter.geometry import PITCH_MM
from workers.training.cards import MODELS, PARTICLES, card
from workers.training.registry import WHOLE, load_particles
from workers.training.shower_scenes import Generated, Scenes, measured, scenes

EVENTS = 120


@pytest.fixture(scope="module")
def made() -> Scenes:
    return scenes(Generated(), EVENTS, np.random.default_rng(2000))


def true(made: Scenes) -> Found:
    told = made.particles
    return Found(told.event, told.x_mm, told.y_mm, 1e3 * told.energy_gev, len(made.fine))


def test_weights_are_those_of_the_card_and_small():
    file = MODELS / PARTICLES / WHOLE
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    assert card(PARTICLES)["weights"] == {WHOLE: digest}
    assert file.stat().st_size < 2e6
    assert sum(values.numel() for values in load_file(file).values()) <= 400_000


def test_particles_of_true_maps_are_counted_placed_and_weighed(made):
    found = reconstructed(load_particles(), made.fine, PITCH_MM)
    judged = judge(found.found, true(made)).figures()
    assert judged["count_correct"] > 0.55
    assert judged["count_correct_1"] > 0.9
    assert judged["efficiency"] > 0.8
    assert judged["position_mm"] < 15
    assert found.chances.sum(axis=1) == pytest.approx(np.ones(EVENTS))
    whole = np.bincount(found.found.event, found.found.mev, EVENTS)
    assert whole / made.fine.sum(axis=(1, 2, 3)) == pytest.approx(np.ones(EVENTS), abs=0.02)


def test_coarse_cells_divided_evenly_still_tell_one_particle_from_many(made):
    energies, kept = measured(made.fine, 4, np.random.default_rng(1))
    found = reconstructed(load_particles(), uniform(energies * kept, 4), PITCH_MM)
    expected = found.chances @ np.arange(1, MOST + 1)
    assert np.corrcoef(expected, made.number())[0, 1] > 0.8


def test_an_empty_map_holds_no_particle_and_does_not_disturb_others():
    maps = np.repeat(spot((16, 16), rows=32, mev=2e4), 3, axis=1)
    both = np.concatenate([np.zeros_like(maps), maps])
    found = reconstructed(load_particles(), both, PITCH_MM).found
    assert 0 not in found.event
    assert found.mev.sum() == pytest.approx(6e4, rel=1e-3)
