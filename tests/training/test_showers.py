"""Generated showers agree with simulated ones; events are what they say."""

from dataclasses import dataclass

import numpy as np
import pytest

from tests.data import data_path
from workers.physics.calorimeter import ROWS, planar
from workers.training.shower_files import ShowerFile
from workers.training.shower_scenes import (
    DISC_MM,
    MOST,
    Generated,
    Scenes,
    Simulated,
    Source,
    measured,
    scenes,
)

SHOWERS = 1200
CLOSE = 0.10  # radii and layer fractions of generator and simulation
QUANTILES = (0.5, 0.8, 0.9, 0.95)


@pytest.fixture(scope="module")
def simulated() -> Simulated:
    file = data_path("calorimeter/g4-pblar-em-showers/showers_a.npz")
    return Simulated(ShowerFile.load(file))


@dataclass(frozen=True)
class Shape:
    radii_mm: np.ndarray
    layers: np.ndarray
    response: float
    resolution: float
    empty: float


def shape_of(source: Source) -> Shape:
    made = scenes(source, SHOWERS, np.random.default_rng(0), (1, 1))
    centres = planar(1).fine
    far = np.hypot(
        centres.x - made.particles.x_mm[:, None], centres.y - made.particles.y_mm[:, None]
    ).ravel()
    order, energies = np.argsort(far), made.fine.ravel()
    within = np.cumsum(energies[order]) / energies.sum()
    share = made.fine.sum(axis=(1, 2, 3)) / (1e3 * made.particles.energy_gev)
    scatter = (share - share.mean()) * np.sqrt(made.particles.energy_gev)
    near = made.fine[far.reshape(made.fine.shape) < 100]
    return Shape(
        radii_mm=far[order][np.searchsorted(within, QUANTILES)],
        layers=made.fine.sum(axis=(0, 2, 3)) / made.fine.sum(),
        response=float(share.mean()),
        resolution=float(scatter.std()),
        empty=float((near == 0).mean()),
    )


def test_the_generator_agrees_with_the_simulation(simulated):
    """Radii that hold 50 to 95 % of the energy, fractions of layers, response and resolution."""
    found, wanted = shape_of(Generated()), shape_of(simulated)
    assert found.radii_mm == pytest.approx(wanted.radii_mm, rel=CLOSE)
    assert found.layers == pytest.approx(wanted.layers, rel=CLOSE)
    assert found.response == pytest.approx(wanted.response, rel=0.01)
    assert found.resolution == pytest.approx(wanted.resolution, rel=CLOSE)
    assert found.empty == pytest.approx(wanted.empty, rel=CLOSE)


def check_events(made: Scenes, count: int) -> None:
    assert made.fine.shape == (count, 3, ROWS, ROWS)
    assert made.fine.dtype == np.float32
    assert made.fine.min() >= 0
    number = made.number()
    assert set(number) <= set(range(1, MOST + 1))
    assert len(made.particles.pdg) == number.sum()
    beam_mev = np.bincount(made.particles.event, 1e3 * made.particles.energy_gev)
    assert made.fine.sum(axis=(1, 2, 3)) == pytest.approx(beam_mev, rel=0.25)
    away = np.hypot(made.particles.x_mm, made.particles.y_mm)
    assert away.max() < DISC_MM + 9


def centroid(made: Scenes) -> tuple[np.ndarray, np.ndarray]:
    cells, fine = planar(1).fine, made.fine.reshape(len(made.fine), -1)
    return fine @ cells.x / fine.sum(axis=1), fine @ cells.y / fine.sum(axis=1)


@pytest.mark.parametrize("kind", ["generated", "simulated"])
def test_events_hold_the_particles_they_name(kind, simulated):
    source = Generated() if kind == "generated" else simulated
    check_events(scenes(source, 140, np.random.default_rng(1)), 140)
    alone = scenes(source, 150, np.random.default_rng(2), (1, 1))
    x, y = centroid(alone)
    for found, true in ((x, alone.particles.x_mm), (y, alone.particles.y_mm)):
        assert abs(np.median(found - true)) < 2
        assert np.median(np.abs(found - true)) < 6


def test_the_same_seed_makes_the_same_events():
    first, again = (scenes(Generated(), 8, np.random.default_rng(4)) for _ in range(2))
    assert np.array_equal(first.fine, again.fine)
    assert np.array_equal(first.particles.x_mm, again.particles.x_mm)


@pytest.mark.parametrize("factor", [2, 4])
def test_what_is_measured_is_the_sum_with_noise_of_kept_cells(factor):
    rng = np.random.default_rng(5)
    made = scenes(Generated(), 200, rng)
    energies, kept = measured(made.fine, factor, rng)
    side = ROWS // factor
    assert energies.shape == kept.shape == (200, 3, side, side)
    exact = made.fine.reshape(200, 3, side, factor, side, factor).sum(axis=(3, 5))
    noise = (energies - exact).std(axis=(0, 2, 3))
    assert noise == pytest.approx([13, 34, 41], rel=0.03)
    assert exact[kept].sum() > 0.97 * exact.sum()
    assert kept.mean() < 0.5
