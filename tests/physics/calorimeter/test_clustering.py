"""Which cells are kept, which touch, and what a suppressed cell still says."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.factories.cells import line
from workers.events import Cells, Geometry
from workers.physics.calorimeter import CellNoise, Clustering, neighbours, planar


def clustering(count: int) -> Clustering:
    cells = line(count)
    return Clustering.of(Geometry(cells, cells, np.arange(count), np.ones(count, np.float32)))


def test_a_cluster_grows_from_a_seed_and_takes_in_its_edge():
    energies = np.array([[5.0, 2.5, 2.1, 0.5, 0.5, 3.0, -9.0]], np.float32)
    kept = clustering(7).kept(energies)
    assert kept[0].tolist() == [True, True, True, True, False, False, False]
    assert not clustering(7).kept(np.full((2, 7), 4.5, np.float32)).any()


def test_a_planar_cell_has_eight_neighbours_in_its_layer_and_one_in_each_next():
    matrix = neighbours(planar(4, rows=16).coarse)
    assert (matrix != matrix.T).nnz == 0
    degrees = matrix.sum(axis=1).reshape(3, 4, 4)
    assert degrees[1, 1, 1] == 10  # the middle layer has one on either side
    assert degrees[0, 0, 0] == 4
    assert matrix.diagonal().sum() == 0


def test_coarser_layers_touch_every_cell_they_lie_over():
    fine, broad = line(4), line(2, layer=1, width=20.0)
    both = {name: np.concatenate([a, broad.columns()[name]]) for name, a in fine.columns().items()}
    matrix = neighbours(Cells(**both)).toarray()
    assert matrix[:4, 4:].tolist() == [[1, 0], [1, 0], [0, 1], [0, 1]]


def test_the_azimuth_goes_round():
    phi = np.linspace(-np.pi, np.pi, 8, endpoint=False, dtype=np.float32) + np.float32(np.pi / 8)
    sides = np.full(8, 2 * np.pi / 8, np.float32)
    ring = Cells(np.zeros(8, np.int32), np.zeros(8, np.float32), phi, sides, sides)
    assert neighbours(ring, "eta-phi").sum(axis=1).tolist() == [2] * 8
    assert neighbours(ring).sum(axis=1).tolist() == [1, 2, 2, 2, 2, 2, 2, 1]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**31))
def test_every_suppressed_cell_lies_below_the_limit_told_without_seeing_it(seed):
    rng = np.random.default_rng(seed)
    rule = Clustering.of(planar(2, rows=16))
    energies = rule.sigma * rng.standard_t(2, (4, len(rule.sigma))).astype(np.float32)
    kept = rule.kept(energies)
    limits = rule.limits(np.where(kept, energies, 0), kept)
    assert np.isinf(limits[kept]).all()
    assert (energies[~kept] <= limits[~kept]).all()


def test_the_likelihood_of_an_event_is_that_of_its_cells_seen_and_censored():
    sigma, limit = torch.tensor([2.0, 2.0]).double(), torch.tensor([torch.inf, 3.0]).double()
    noise = CellNoise(sigma, limit)
    mean, y = torch.tensor([10.0, 5.0]).double(), torch.tensor([8.0, 0.0]).double()
    below = torch.distributions.Normal(0.0, 1.0).cdf(torch.tensor(-1.0)).log()
    assert float(noise.log_likelihood(mean, y)) == pytest.approx(-0.5 + float(below), rel=1e-6)
    assert float(noise.chi2(mean, y)) == pytest.approx(1.0)


def test_the_censored_likelihood_is_unbiased_where_ignoring_the_suppressed_is_not():
    """Maximum likelihood of one energy seen by many events, most of them below the limit."""
    rng = np.random.default_rng(3)
    truth, limit = 30.0, 40.0
    seen = truth + 20 * rng.standard_normal(20_000)
    kept = seen > limit
    y = torch.from_numpy(np.where(kept, seen, 0.0))
    limits = torch.from_numpy(np.where(kept, np.inf, limit))
    noise = CellNoise(torch.full((len(y),), 20.0).double(), limits)
    tried = torch.linspace(20, 60, 81).double()
    scores = [float(noise.log_likelihood(mean.expand(len(y)), y)) for mean in tried]
    assert abs(float(tried[int(np.argmax(scores))]) - truth) <= 1.0
    assert seen[kept].mean() > 1.5 * truth


def test_chi_square_of_an_event_without_kept_cells_disagrees_with_nothing():
    noise = CellNoise(torch.ones(3), torch.zeros(3))
    assert float(noise.chi2(torch.full((3,), 50.0), torch.zeros(3))) == 1.0


def test_a_noise_of_nothing_is_refused():
    with pytest.raises(ValueError, match="not positive"):
        CellNoise(torch.tensor([1.0, 0.0]))
