"""The mean shower is a density, and a fit with it finds particles that were put there."""

from itertools import pairwise

import numpy as np
import pytest

from workers.assessment.calorimeter.particles import Found, judge
from workers.assessment.calorimeter.template import Template, edges_of
from workers.assessment.calorimeter.template_fit import TemplateFit, found_of
from workers.physics.calorimeter import SIGMA_MEV
from workers.training.shower_scenes import ENERGY_GEV, Generated, measured, scenes
from workers.training.showers import LAYER_EDGES_X0, SPOTS_PER_GEV, spots

TEMPLATE = Template(
    radii=np.array([[4.0, 59.0], [7.0, 40.0], [14.0, 65.0]]), core=np.array([0.93, 0.72, 0.3])
)
PITCH_MM = 72.0


def test_shares_of_a_layer_add_up_wherever_the_shower_comes_in():
    places = np.random.default_rng(0).uniform(-180, 180, (6, 2))
    shares = TEMPLATE.fractions(edges_of(400, 36.0), *places.T)
    assert shares.sum(axis=(2, 3)) == pytest.approx(1, abs=2e-3)
    assert shares.min() > 0


def test_coarse_shares_are_the_sums_of_fine_ones():
    place = np.array([13.0]), np.array([-40.0])
    fine = TEMPLATE.fractions(edges_of(32, 36.0), *place)[0]
    coarse = TEMPLATE.fractions(edges_of(8, 144.0), *place)[0]
    assert fine.reshape(3, 8, 4, 8, 4).sum(axis=(2, 4)) == pytest.approx(coarse)


def test_the_closed_form_is_the_integral_of_the_density():
    one = Template(radii=np.array([[20.0, 20.0]]), core=np.array([1.0]))
    share = one.fractions(np.array([-36.0, 0.0]), np.array([5.0]), np.array([-10.0]))[0, 0, 0, 0]
    middle = np.arange(-36, 0, 0.25) + 0.125
    density = 400 / np.pi / ((middle - 5) ** 2 + (middle[:, None] + 10) ** 2 + 400) ** 2
    assert share == pytest.approx(density.sum() * 0.25**2, rel=1e-3)


def test_a_profile_is_fitted_to_deposits():
    rng = np.random.default_rng(1)
    made = spots(rng.uniform(*ENERGY_GEV, 60), np.full(60, 11), rng, SPOTS_PER_GEV)
    layer = np.searchsorted(LAYER_EDGES_X0, made.depth_x0, side="right") - 1
    inside = layer < 3
    radius = np.hypot(made.x_mm, made.y_mm)[inside]
    template = Template.fitted(radius, layer[inside], made.mev[inside])
    edges = np.array([-36.0, 36.0])
    held = template.fractions(edges, np.zeros(1), np.zeros(1))[0, :, 0, 0]
    in_box = (np.abs(made.x_mm) < 36) & (np.abs(made.y_mm) < 36)
    for which in range(3):
        of_layer = (layer == which) * made.mev
        assert held[which] == pytest.approx((of_layer * in_box).sum() / of_layer.sum(), abs=0.03)


@pytest.fixture(scope="module")
def fitter() -> TemplateFit:
    return TemplateFit(TEMPLATE, 16, PITCH_MM, SIGMA_MEV)


def test_a_single_shower_is_placed_within_millimetres_of_the_coarse_cells(fitter):
    rng = np.random.default_rng(2)
    made = scenes(Generated(), 40, rng, (1, 1))
    energies, kept = measured(made.fine, 2, rng)
    fits = [fitter.at_maxima(event, 3000.0) for event in energies * kept]
    assert all(len(fit.places) == 1 for fit in fits)
    off = np.array([fit.places[0] for fit in fits]).T - [made.particles.x_mm, made.particles.y_mm]
    assert np.quantile(np.hypot(*off), 0.68) < 5
    fine = np.stack(
        [fitter.map_of(fit, event, 2) for fit, event in zip(fits, energies * kept, strict=True)]
    )
    assert np.linalg.norm(fine - made.fine) < 0.25 * np.linalg.norm(made.fine)
    assert fine.sum() == pytest.approx((energies * kept).sum(), rel=1e-5)


def test_a_penalty_decides_how_many_particles_there_are(fitter):
    rng = np.random.default_rng(3)
    made = scenes(Generated(), 24, rng, (2, 2))
    energies, kept = measured(made.fine, 2, rng)
    truth = Found(
        *(getattr(made.particles, name) for name in ("event", "x_mm", "y_mm")),
        1e3 * made.particles.energy_gev,
        24,
    )
    courses = [fitter.course(event) for event in energies * kept]
    for fits in courses:
        assert all(later.chi2 <= fit.chi2 * 1.001 for fit, later in pairwise(fits))
    chosen = {
        penalty: [min(c, key=lambda fit: fit.chi2 + penalty * len(fit.places)) for c in courses]
        for penalty in (0.0, 30.0, 1e9)
    }
    numbers = {penalty: found_of(fits).number().mean() for penalty, fits in chosen.items()}
    assert numbers[0.0] > numbers[30.0] > numbers[1e9] == 1
    judged = judge(found_of(chosen[30.0]), truth).figures()
    assert judged["efficiency"] > 0.8
    assert judged["position_mm"] < 12
