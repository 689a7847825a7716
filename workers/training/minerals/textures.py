"""Textures that fill an area: grains, droplets in glass, lamellae, fractal and smooth mixtures.

Each returns `phase` (int32, an index of the palette) and `t` (float32, 0 core to 1 rim), both of
the shape asked for. Lengths are in pixels of the supersampled grid.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from workers.training.minerals.fields import Field, noise, ramp, uniform, warp, zoning

Phases = NDArray[np.int32]
Filled = tuple[Phases, Field]
Shape = tuple[int, int]


def log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def _modes(rng: np.random.Generator, ids: Sequence[int], count: int) -> Phases:
    """Which phase each of `count` grains is: shares drawn from Dirichlet(1.5)."""
    shares = rng.dirichlet(np.full(len(ids), 1.5))
    return np.asarray(ids, np.int32)[rng.choice(len(ids), count, p=shares)]


def _nearest_seeds(
    rng: np.random.Generator, shape: Shape, size: float, bend: float
) -> tuple[Field, Phases, Field, int]:
    """Power diagram with foliation and warp: distance to seed, label, gap to the next, count.

    The third coordinate of a seed acts as its weight, so cells have many sizes.
    """
    stretch = np.exp(abs(rng.normal(0, 0.35)))
    angle = rng.uniform(0, np.pi)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    depth = 0.9 * size
    count = max(int(shape[0] * shape[1] / size**2 * 1.6), 6)
    margin = 1.5 * size
    seeds = rng.uniform(-margin, np.array(shape) + margin, (count, 2))
    metric = turn.T @ np.diag([1 / np.sqrt(stretch), np.sqrt(stretch)]) @ turn
    grid = np.indices(shape).astype(np.float32)
    if bend > 0:
        grid += warp(rng, shape, bend * size, size)
    points = np.zeros((shape[0] * shape[1], 3), np.float32)
    points[:, :2] = grid.reshape(2, -1).T @ metric
    tree = cKDTree(np.c_[seeds @ metric, rng.uniform(0, depth, count)])
    distance, label = tree.query(points, k=2)
    first = distance[:, 0].astype(np.float32).reshape(shape)
    # Half the difference of the distances is close to the distance from the boundary.
    gap = (0.5 * (distance[:, 1] - distance[:, 0])).astype(np.float32).reshape(shape)
    return first, label[:, 0].astype(np.int32).reshape(shape), gap, count


def grains(rng: np.random.Generator, shape: Shape, ids: Sequence[int], size: float) -> Filled:
    """Touching grains; zoned, tilted one by one, boundaries from straight to ragged."""
    _, label, gap, count = _nearest_seeds(rng, shape, size, rng.choice([0.02, 0.1, 0.25, 0.4]))
    t = zoning(rng, gap, size * 0.3) * rng.uniform(0.2, 1, count).astype(np.float32)[label]
    t += rng.uniform(0, 0.4, count).astype(np.float32)[label]
    return _modes(rng, ids, count)[label], t + _patchiness(rng, shape)


def rounded_in_matrix(
    rng: np.random.Generator, shape: Shape, ids: Sequence[int], matrix: int, size: float
) -> Filled:
    """Rounded crystals that impinge on one another, set in `matrix` (glass, cement, metal)."""
    first, label, gap, count = _nearest_seeds(rng, shape, size, rng.choice([0.04, 0.1, 0.2]))
    radius = size * rng.uniform(0.4, 0.85) * rng.uniform(0.6, 1.1, count).astype(np.float32)
    distance = np.minimum(radius[label] - first, gap - rng.uniform(0, 0.08) * size)
    phase = _modes(rng, ids, count)[label]
    t = zoning(rng, distance, size * 0.4) * rng.uniform(0.3, 1, count).astype(np.float32)[label]
    outside = distance < 0
    fill = uniform(noise(rng, shape, rng.uniform(1.5, 3.5))) * rng.uniform(0, 0.8)
    return np.where(outside, np.int32(matrix), phase), np.where(outside, fill, t)


def lamellae(rng: np.random.Generator, shape: Shape, ids: Sequence[int], size: float) -> Filled:
    """Exsolution: parallel, slightly wavy sheets of a guest in a host, now and then crossed."""
    period, duty = log_uniform(rng, 5, 25), rng.uniform(0.15, 0.6)
    angle = rng.uniform(0, np.pi)
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    across = np.cos(angle) * x + np.sin(angle) * y
    across += noise(rng, shape, 3.0, longest=120, shortest=3) * period * rng.uniform(0.05, 0.6)
    width = duty + 0.15 * noise(rng, shape, 2.0, longest=80)
    guest = np.mod(across / period, 1) < width
    phase = np.where(guest, ids[-1], ids[0]).astype(np.int32)
    return phase, uniform(noise(rng, shape, 3.0)) * np.float32(rng.uniform(0, 0.5))


def fractal(rng: np.random.Generator, shape: Shape, ids: Sequence[int], size: float) -> Filled:
    """Thresholded noise with a power-law spectrum: ragged patches at every scale."""
    field = uniform(noise(rng, shape, rng.uniform(1.2, 3.2), longest=max(4 * size, 24)))
    phase = _by_share(rng, field, ids)
    return phase, uniform(noise(rng, shape, rng.uniform(0.5, 2.5))) * np.float32(rng.uniform(0, 1))


def symplectite(rng: np.random.Generator, shape: Shape, ids: Sequence[int], size: float) -> Filled:
    """Worm-like intergrowth: thresholded noise of one wavelength."""
    sigma = log_uniform(rng, 2, 7)
    field = uniform(noise(rng, shape, 0, longest=sigma * 5, shortest=sigma * 1.6))
    return _by_share(rng, field, ids[:3]), uniform(noise(rng, shape, 3.0)) * np.float32(0.4)


def fine_matrix(rng: np.random.Generator, shape: Shape, ids: Sequence[int], size: float) -> Filled:
    """Groundmass of grains of 2 to 6 fine pixels whose modes drift over the field."""
    fine = noise(
        rng,
        shape,
        rng.uniform(0, 2.2),
        longest=rng.uniform(20, 120),
        shortest=log_uniform(rng, 1.5, 6),
    )
    drift = noise(rng, shape, 3.0)
    phase = _by_share(rng, uniform(fine + rng.uniform(0.1, 0.9) * drift), ids)
    return phase, uniform(noise(rng, shape, 1.0, shortest=2.0))


def smooth_mixture(
    rng: np.random.Generator, shape: Shape, ids: Sequence[int], size: float
) -> Filled:
    """A mixture too fine to resolve: composition varies continuously, rough at every scale."""
    t = uniform(noise(rng, shape, rng.uniform(1.0, 3.6)))
    if rng.random() < 0.5:
        t = t * 0.5 + ramp(rng, shape) * 0.5
    return np.full(shape, ids[-1], np.int32), t ** np.float32(rng.uniform(0.5, 4))


def _by_share(rng: np.random.Generator, field: Field, ids: Sequence[int]) -> Phases:
    """Phases by slices of a field uniform in 0..1."""
    edges = np.cumsum(rng.dirichlet(np.full(len(ids), 1.5)))[:-1]
    return np.asarray(ids, np.int32)[rng.permutation(len(ids))][np.searchsorted(edges, field)]


def _patchiness(rng: np.random.Generator, shape: Shape) -> Field:
    """Weak variation inside grains, so that few of them are perfectly flat."""
    if rng.random() < 0.3:
        return np.zeros(shape, np.float32)
    strength = np.float32(rng.uniform(0.02, 0.3))
    return uniform(noise(rng, shape, rng.uniform(1.0, 3.5))) * strength
