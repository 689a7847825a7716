"""The mean shower: how much of its energy lies in each cell, wherever it comes in.

In each layer the density across the shower is a core and a tail, each R²/(π (r² + R²)²)
(Grindhammer and Peters, hep-ex/0001020). Over a box its integral has a closed form,

    G(x, y) = [x/√(x²+R²) · atan(y/√(x²+R²)) + y/√(y²+R²) · atan(x/√(y²+R²))] / 2π,

so templates are exact for cells of any size.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from workers.physics.calorimeter.geometry import LAYERS
from workers.training.shower_scenes import ENERGY_GEV
from workers.training.showers import ELECTRON, LAYER_EDGES_X0, PHOTON, SPOTS_PER_GEV, spots

Array = NDArray[np.float64]
WIDEST_MM = 300.0  # of radii the profile is fitted to
SHOWERS = 400  # generated ones a mean is made of


@dataclass(frozen=True, eq=False)
class Template:
    """`radii` `(layers, 2)` mm of core and tail, `core` `(layers,)` the share of the core."""

    radii: Array
    core: Array

    @classmethod
    def fitted(cls, radius_mm: Array, layer: NDArray[np.int64], mev: Array) -> "Template":
        """By maximum likelihood to deposits `(m,)`: distance from the axis, layer, energy."""
        near = radius_mm < WIDEST_MM
        found = [
            _fit(radius_mm[chosen], mev[chosen])
            for chosen in ((layer == which) & near for which in range(int(layer.max()) + 1))
        ]
        return cls(np.array([row[:2] for row in found]), np.array([row[2] for row in found]))

    @classmethod
    def generated(cls, count: int = SHOWERS, seed: int = 7) -> "Template":
        """The mean of `count` showers of `training.showers`."""
        rng = np.random.default_rng(seed)
        pdg = rng.choice((ELECTRON, PHOTON), count)
        made = spots(rng.uniform(*ENERGY_GEV, count), pdg, rng, SPOTS_PER_GEV)
        layer = np.searchsorted(LAYER_EDGES_X0, made.depth_x0, side="right") - 1
        inside = layer < LAYERS
        radius = np.hypot(made.x_mm, made.y_mm)
        return cls.fitted(radius[inside], layer[inside], made.mev[inside])

    def fractions(self, edges: Array, x: Array, y: Array) -> Array:
        """Shares of a layer's energy in square cells, for showers at `x`, `y` `(k,)` mm.

        `edges` `(r + 1,)` are the borders of the cells along both axes; the answer is
        `(k, layers, r, r)`, rows along y.
        """
        total: Array = np.zeros((len(x), len(self.core), len(edges), len(edges)))
        right = (edges - x[:, None])[:, None, None, :]
        down = (edges - y[:, None])[:, None, :, None]
        for part, share in enumerate((self.core, 1 - self.core)):
            scale = self.radii[:, part][:, None, None] ** 2
            total += share[:, None, None] * _corner(right, down, scale)
        boxes: Array = np.diff(np.diff(total, axis=-1), axis=-2)
        return boxes


def edges_of(rows: int, pitch_mm: float) -> Array:
    """Borders of `rows` cells around the middle, mm."""
    return np.asarray((np.arange(rows + 1) - rows / 2) * pitch_mm, np.float64)


def _corner(x: Array, y: Array, scale: Array) -> Array:
    """G of the head, `scale` = R²."""
    across, along = np.sqrt(x**2 + scale), np.sqrt(y**2 + scale)
    value: Array = x / across * np.arctan(y / across) + y / along * np.arctan(x / along)
    return value / (2 * np.pi)


def _fit(radius: Array, mev: Array) -> tuple[float, float, float]:
    """Core and tail (mm) and the share of the core that make these radii likeliest."""
    edges = np.concatenate([[0.0], np.geomspace(2.0, WIDEST_MM, 40)])
    seen = np.histogram(radius, edges, weights=mev)[0] / mev.sum()

    def lost(parameters: Array) -> float:
        first, second, share = *np.exp(parameters[:2]), 1 / (1 + np.exp(-parameters[2]))
        within = share * _within(edges, first) + (1 - share) * _within(edges, second)
        expected = np.diff(within) / within[-1]
        return float(-(seen * np.log(expected + 1e-12)).sum())

    start = np.array([np.log(10.0), np.log(50.0), 1.0])
    found = optimize.minimize(lost, start, method="Nelder-Mead", options={"maxiter": 2000}).x
    return float(np.exp(found[0])), float(np.exp(found[1])), float(1 / (1 + np.exp(-found[2])))


def _within(radius: Array, scale: float) -> Array:
    return radius**2 / (radius**2 + scale**2)
