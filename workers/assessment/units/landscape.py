"""Where units are found and where not: F = −ln p, and the path between two states.

p is the aggregated posterior: each unit's own Gaussian, widened by what a density of so few needs.
The path minimises ∫ e^F ds, the way by which most go (maximum flux: Berkowitz et al. 1983). Where
next to no unit was ever seen it is an extrapolation, and is called so.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse, special
from scipy.sparse import csgraph

Array = NDArray[np.float64]

GRID = 48  # cells along each side of the plane
MARGIN = 0.15  # of its extent, beyond the outermost unit
POINTS = 11  # of a path, at equal lengths
SEEN = 0.01  # quantile of the density at units below which a place counts as never seen
REPEATS = 40
HIGHEST = 20.0  # nats: beyond, F says nothing but "never"


@dataclass(frozen=True)
class Plane:
    """A plane through values `(n, d)`: `middle` (d,), orthonormal `axes` (2, d)."""

    middle: Array
    axes: Array

    @classmethod
    def of(cls, values: Array, along: Array | None = None) -> "Plane":
        """Of two principal axes; with `along` (d,) the first axis is that direction."""
        middle = values.mean(axis=0)
        rest = values - middle
        first = []
        if along is not None:
            direction = along / np.linalg.norm(along)
            rest = rest - np.outer(rest @ direction, direction)
            first = [direction]
        _, _, axes = np.linalg.svd(rest, full_matrices=False)
        return cls(middle, np.array([*first, *axes])[:2])

    def onto(self, values: Array) -> Array:
        """Places `(n, 2)` of values (n, d)."""
        return np.asarray((values - self.middle) @ self.axes.T)

    def back(self, places: Array) -> Array:
        """Values `(n, d)` at places (n, 2)."""
        return np.asarray(places @ self.axes + self.middle)


@dataclass(frozen=True)
class Landscape:
    """F on a grid, nats above its lowest: `x` and `y` (GRID,), `height` (GRID, GRID) as y, x;
    `never` : F above which next to no unit was seen."""

    x: Array
    y: Array
    height: Array
    never: float


@dataclass(frozen=True)
class Path:
    """Places `(POINTS, 2)` at equal lengths, F there, which are extrapolated, and the saddle.

    saddle : the highest F on the way above that of the start, nats; low, high : its 90 % interval
    over units drawn again.
    """

    places: Array
    height: Array
    extrapolated: NDArray[np.bool_]
    saddle: float
    low: float
    high: float


def landscape(places: Array, variances: Array, scatter: Array) -> Landscape:
    """F from places `(n, 2)` of units and their posterior variances (n, 2) on the plane.

    scatter : (2,), standard deviation of units that are in one state. That between states would
    smear them into each other.
    """
    low, high = places.min(axis=0), places.max(axis=0)
    room = MARGIN * (high - low).clip(1e-6)
    x, y = (np.linspace(low[k] - room[k], high[k] + room[k], GRID) for k in range(2))
    return _over(x, y, places, variances, scatter)


def _over(x: Array, y: Array, places: Array, variances: Array, scatter: Array) -> Landscape:
    width = scatter.clip(1e-6) * len(places) ** (-1 / 6)  # Silverman's
    total = variances + width**2
    at = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    grid, seen = (_log_density(where, places, total) for where in (at, places))
    top = max(grid.max(), seen.max())
    return Landscape(
        x,
        y,
        np.minimum(top - grid, HIGHEST).reshape(len(y), len(x)),
        float(top - np.quantile(seen, SEEN)),
    )


def _log_density(at: Array, places: Array, total: Array) -> Array:
    gaps = ((at[:, None] - places) ** 2 / total + np.log(2 * np.pi * total)).sum(2)
    return np.asarray(special.logsumexp(-0.5 * gaps, axis=1) - np.log(len(places)))


def path(
    places: Array,
    variances: Array,
    scatter: Array,
    ends: tuple[Array, Array],
    rng: np.random.Generator,
) -> Path:
    """The path from one place to another; its saddle also over units drawn with replacement."""
    start, end = ends
    whole = landscape(places, variances, scatter)
    line = _lowest(whole, start, end)
    saddles = []
    for _ in range(REPEATS):
        drawn = rng.integers(0, len(places), len(places))
        again = _over(whole.x, whole.y, places[drawn], variances[drawn], scatter)
        saddles.append(_saddle(again, _lowest(again, start, end)))
    height = _at(whole, line)
    low, high = np.quantile(saddles, [0.05, 0.95])
    return Path(line, height, height > whole.never, _saddle(whole, line), float(low), float(high))


def _lowest(ground: Landscape, start: Array, end: Array) -> Array:
    rows, columns = ground.height.shape
    step = np.array([ground.x[1] - ground.x[0], ground.y[1] - ground.y[0]])
    cost = np.exp(ground.height)
    index = np.arange(rows * columns).reshape(rows, columns)
    first, second, weight = [], [], []
    for down, right in ((0, 1), (1, 0), (1, 1), (1, -1)):
        a = index[: rows - down, max(0, -right) : columns - max(0, right)]
        b = index[down:, max(0, right) : columns + min(0, right)]
        length = float(np.hypot(right * step[0], down * step[1]))
        first.append(a.ravel())
        second.append(b.ravel())
        weight.append(0.5 * length * (cost.ravel()[a.ravel()] + cost.ravel()[b.ravel()]))
    graph = sparse.csr_matrix(
        (np.concatenate(weight), (np.concatenate(first), np.concatenate(second))),
        shape=(index.size, index.size),
    )
    begin, stop = (_cell(ground, place) for place in (start, end))
    before = csgraph.dijkstra(graph, directed=False, indices=begin, return_predecessors=True)[1]
    cells = [stop]
    while cells[-1] != begin:
        cells.append(int(before[cells[-1]]))
    row, column = np.divmod(np.array(cells[::-1]), columns)
    corners = np.column_stack([ground.x[column], ground.y[row]])
    corners[0], corners[-1] = start, end
    gone = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(corners, axis=0).T))])
    at = np.linspace(0, gone[-1], POINTS)
    return np.column_stack([np.interp(at, gone, corners[:, k]) for k in range(2)])


def _cell(ground: Landscape, place: Array) -> int:
    column, row = np.abs(ground.x - place[0]).argmin(), np.abs(ground.y - place[1]).argmin()
    return int(row * len(ground.x) + column)


def _at(ground: Landscape, line: Array) -> Array:
    return ground.height.ravel()[[_cell(ground, place) for place in line]]


def _saddle(ground: Landscape, line: Array) -> float:
    height = _at(ground, line)
    return float(height.max() - height[0])
