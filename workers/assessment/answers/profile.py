"""The width of a boundary along a line, from the error function that fits it best.

A sharp step seen through diffusion or through a beam is a + (b − a) Φ((s − m)/σ); its width is
said as the distance from 10 % to 90 % of the step, 2.563 σ.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, special

Array = NDArray[np.float64]
Point = tuple[float, float]

FROM_10_TO_90 = 2 * float(special.ndtri(0.9))  # standard deviations
BREADTH = 3  # parallel lines that are averaged, one pixel apart
PER_PIXEL = 2  # points along a line
NARROWEST = 0.2  # σ in pixels: no map on a grid tells it from a smaller one
RATIO = 1.08  # of one σ tried to the next
LEAST_FIT = 0.5  # of the variance along the line a step must explain to be one


@dataclass(frozen=True)
class Line:
    """A strip from `start` to `end` (row, column in pixels; whole numbers are edges of pixels)."""

    start: Point
    end: Point

    @property
    def length(self) -> float:
        """In pixels."""
        return math.dist(self.start, self.end)

    @property
    def along(self) -> Array:
        """Distance of every point from the start, `(n,)` pixels."""
        return np.linspace(0, self.length, math.ceil(PER_PIXEL * self.length) + 1)

    @property
    def points(self) -> Array:
        """Rows and columns of the points of all parallel lines, `(2, BREADTH, n)`."""
        start, end = np.array(self.start), np.array(self.end)
        forward = (end - start) / self.length
        across = np.array([-forward[1], forward[0]])
        offsets = np.arange(BREADTH) - (BREADTH - 1) / 2
        middle = start[:, None] + forward[:, None] * self.along
        return np.asarray(middle[:, None, :] + across[:, None, None] * offsets[:, None])

    def read(self, plane: NDArray[np.floating], origin: tuple[int, int] = (0, 0)) -> Array:
        """Values of `plane` along the line, averaged over its breadth, `(n,)`.

        `origin`: the row and column of the map that `plane[0, 0]` is.
        """
        # Pixel (0, 0) covers 0 to 1, its value stands at 0.5.
        at = self.points - np.array(origin)[:, None, None] - 0.5
        values = ndimage.map_coordinates(plane.astype(float), at, order=1, mode="nearest")
        return np.asarray(values.mean(axis=0))


@dataclass(frozen=True)
class Steps:
    """The best steps of several profiles, `(k,)` each; lengths in pixels, `height` in counts."""

    width: Array
    place: Array
    height: Array
    fit: Array  # share of the variance along the line that the step explains


def fit_steps(along: Array, values: Array) -> Steps:
    """The step that fits each profile of `values` (k, n) best, by least squares on a grid.

    Given place and σ, both levels follow in closed form, so that the whole grid is one product of
    matrices and no start value can lead astray.
    """
    length = float(along[-1])
    count = max(2, math.ceil(math.log(length / 2 / NARROWEST) / math.log(RATIO)) + 1)
    sigma = np.geomspace(NARROWEST, max(length / 2, 2 * NARROWEST), count)
    places = along[np.searchsorted(along, 0.1 * length) : np.searchsorted(along, 0.9 * length)]
    grid = special.ndtr((along - places[:, None, None]) / sigma[None, :, None])
    shapes = grid.reshape(-1, len(along))
    shapes = shapes - shapes.mean(axis=1, keepdims=True)
    norm = np.square(shapes).sum(axis=1)
    deviations = values - values.mean(axis=1, keepdims=True)
    product = deviations @ shapes.T
    best = (np.square(product) / norm).argmax(axis=1)
    chosen = np.arange(len(values)), best
    total = np.square(deviations).sum(axis=1)
    return Steps(
        width=FROM_10_TO_90 * sigma[best % len(sigma)],
        place=places[best // len(sigma)],
        height=product[chosen] / norm[best],
        fit=np.square(product[chosen]) / norm[best] / np.where(total > 0, total, 1.0),
    )
