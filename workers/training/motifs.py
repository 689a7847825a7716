"""Structural units whose pose, class and order parameter are known: what unit models are tried on.

Two motifs, as bright columns on a dark ground: a square cell whose centre column is off its centre
(its angle is unique on the full circle), and an atom of graphene with its neighbours (its angle is
defined modulo 120°). Lengths are in units of the cell edge a, or of the carbon bond.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SIDE = 24  # pixels of a patch


@dataclass(frozen=True)
class Motifs:
    """Patches with their truth, one row each.

    patches : float32 (n, SIDE, SIDE), 0 to 1 but for noise (0.1 and 99.9 percentiles of all);
    angle : radians, x to the right and y down; parameter : the displacement that is to be found;
    label : class; order : angles are defined modulo 360°/order.
    """

    patches: NDArray[np.float32]
    angle: NDArray[np.float64]
    parameter: NDArray[np.float64]
    label: NDArray[np.int64]
    order: int


Columns = tuple[NDArray[np.float64], NDArray[np.float64]]  # places (m, 2) as x, y; amplitudes (m,)


def square(parameter: float, label: int) -> Columns:
    """Four corners, one of them 1.7 or 0.15 times as bright (labels 1, 2), a centre moved by +x."""
    places = np.array([[0.5, 0.5], [-0.5, 0.5], [-0.5, -0.5], [0.5, -0.5], [parameter, 0.0]])
    amplitudes = np.array([(1.0, 1.7, 0.15)[label], 1.0, 1.0, 1.0, 0.55])
    return places, amplitudes


def graphene(parameter: float, label: int) -> Columns:
    """An atom (carbon, silicon or none: labels 0, 1, 2) whose neighbours moved outward."""
    cell = np.array([[np.sqrt(3), 0.0], [np.sqrt(3) / 2, 1.5]])
    steps = np.array([(i, j) for i in range(-3, 4) for j in range(-3, 4)])
    lattice = np.concatenate([steps @ cell, steps @ cell + np.array([0.0, 1.0])])
    radius = np.hypot(*lattice.T)
    near = np.isclose(radius, 1.0)
    lattice[near] *= 1 + parameter
    amplitudes = np.where(radius < 1e-9, (1.0, 2.6, 0.0)[label], 1.0)
    inside = radius < 4
    return lattice[inside], amplitudes[inside]


@dataclass(frozen=True)
class Kind:
    """A motif and how it is seen: everything in its unit of length but `noise`."""

    columns: Callable[[float, int], Columns]
    span: tuple[float, float]  # of the parameter
    width: float  # standard deviation of a column
    half: float  # side of a patch / 2
    shift: float
    noise: float
    order: int


SQUARE = Kind(square, (0.06, 0.30), 0.16, 1.05, 0.06, 0.08, 1)
GRAPHENE = Kind(graphene, (0.0, 0.25), 0.24, 1.9, 0.05, 0.10, 3)


def motifs(kind: Kind, count: int, rng: np.random.Generator) -> Motifs:
    """Patches of a motif in random pose, class and parameter."""
    angle = rng.uniform(-np.pi, np.pi, count)
    parameter = rng.uniform(*kind.span, count)
    label = rng.integers(0, 3, count)
    shift = kind.shift * rng.standard_normal((count, 2))
    at = ((np.arange(SIDE) + 0.5) / SIDE * 2 - 1) * kind.half
    images = np.empty((count, SIDE, SIDE))
    for n in range(count):
        places, amplitudes = kind.columns(parameter[n], int(label[n]))
        cos, sin = np.cos(angle[n]), np.sin(angle[n])
        seen = places @ np.array([[cos, sin], [-sin, cos]]) + shift[n]
        across = np.exp(-((at[:, None] - seen[:, 0]) ** 2) / (2 * kind.width**2))
        down = np.exp(-((at[:, None] - seen[:, 1]) ** 2) / (2 * kind.width**2))
        images[n] = (down * amplitudes) @ across.T
    images += kind.noise * rng.standard_normal(images.shape)
    low, high = np.quantile(images, [0.001, 0.999])
    scaled = ((images - low) / (high - low)).astype(np.float32)
    return Motifs(scaled, angle, parameter, label, kind.order)
