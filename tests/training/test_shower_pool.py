"""Events of kept showers are like those whose showers are made anew."""

import numpy as np

from workers.physics.calorimeter.geometry import PITCH_MM, ROWS
from workers.training.shower_pool import Pool
from workers.training.shower_scenes import DISC_MM, Generated, scenes

EVENTS = 600


def pool() -> Pool:
    return Pool.generated(300, np.random.default_rng(0))


def test_showers_lie_where_their_particles_come_in():
    made = pool().events(np.ones(EVENTS, np.int64), np.random.default_rng(1))
    summed = made.fine.sum(axis=1)
    places = (np.arange(ROWS) - (ROWS - 1) / 2) * PITCH_MM
    total = summed.sum(axis=(1, 2))
    x, y = (summed.sum(axis=axis) @ places / total for axis in (1, 2))
    for off in (x - made.particles.x_mm, y - made.particles.y_mm):
        assert off.std() < 6
        assert abs(off.mean()) < 6 / 12
    far = np.hypot(made.particles.x_mm, made.particles.y_mm)
    assert far.max() < DISC_MM + PITCH_MM


def test_kept_showers_hold_the_energies_of_new_ones():
    number = np.random.default_rng(2).integers(1, 6, EVENTS)
    kept = pool().events(number, np.random.default_rng(3))
    new = scenes(Generated(), EVENTS, np.random.default_rng(4))
    assert np.array_equal(kept.number(), number)
    for layers in (made.fine.sum(axis=(0, 2, 3)) / made.fine.sum() for made in (kept, new)):
        assert abs(layers[0] - 0.068) < 0.02
    shares = [made.fine.sum() / (1e3 * made.particles.energy_gev.sum()) for made in (kept, new)]
    assert abs(shares[0] / shares[1] - 1) < 0.02
