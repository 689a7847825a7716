"""Bodies set into a texture: round, faceted or ragged outlines, and cracks through everything.

A body is a window of the grid and, in it, the distance (px) inwards from its rim; negative outside.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workers.training.minerals.fields import Field, noise
from workers.training.minerals.textures import Shape, log_uniform

Window = tuple[slice, slice]


@dataclass(frozen=True)
class Body:
    window: Window
    distance: Field  # (h, w) of the window
    radius: float  # px
    sector: NDArray[np.int32] | None = None  # which face of a faceted crystal grew here

    @property
    def shape(self) -> Shape:
        return self.distance.shape[0], self.distance.shape[1]


def _window(shape: Shape, centre: NDArray[np.float64], reach: float) -> Window | None:
    low = np.maximum(np.floor(centre - reach), 0).astype(int)
    high = np.minimum(np.ceil(centre + reach), shape).astype(int)
    if (high - low < 2).any():
        return None
    return slice(low[0], high[0]), slice(low[1], high[1])


def _offsets(window: Window, centre: NDArray[np.float64]) -> tuple[Field, Field]:
    y, x = np.ogrid[window]
    return (y - centre[0]).astype(np.float32), (x - centre[1]).astype(np.float32)


def round_body(
    rng: np.random.Generator, shape: Shape, radius: float, roughness: float = 0.1
) -> Body | None:
    """A rounded outline (droplet, chondrule, ooid, pit); None where it misses the field."""
    centre = rng.uniform(0, shape, 2)
    window = _window(shape, centre, radius * 1.7)
    if window is None:
        return None
    dy, dx = _offsets(window, centre)
    angle = rng.uniform(0, np.pi)
    stretch = np.exp(abs(rng.normal(0, 0.2)))
    u = (np.cos(angle) * dx + np.sin(angle) * dy) / np.sqrt(stretch)
    v = (-np.sin(angle) * dx + np.cos(angle) * dy) * np.sqrt(stretch)
    theta = np.arctan2(v, u)
    outline = np.ones_like(theta)
    for wave in range(2, 6):
        outline += roughness / wave * rng.normal() * np.cos(wave * theta + rng.uniform(0, 6.28))
    distance = radius * outline - np.hypot(u, v)
    if radius > 16 and roughness > 0:
        rough = noise(rng, theta.shape, rng.uniform(2, 5), longest=radius * 2)
        distance += rough * roughness * 0.15 * radius
    return Body(window, distance.astype(np.float32), radius)


def faceted_body(
    rng: np.random.Generator, shape: Shape, radius: float, aspect: float
) -> Body | None:
    """A crystal of flat faces: a lath (`aspect` > 1) or a polygon, with its growth sectors."""
    centre = rng.uniform(0, shape, 2)
    window = _window(shape, centre, radius * 1.5)
    if window is None:
        return None
    dy, dx = _offsets(window, centre)
    faces = _lath_faces(rng, radius, aspect) if aspect > 1 else _polygon_faces(rng, radius)
    planes = np.stack([h - np.cos(a) * dx - np.sin(a) * dy for a, h in faces]).astype(np.float32)
    sector = planes.argmin(0).astype(np.int32)
    distance = planes.min(0)
    if radius > 10:  # resorbed or broken edges
        distance += noise(rng, distance.shape, 2.5, longest=radius) * rng.uniform(0, 0.06) * radius
    return Body(window, distance, radius / aspect, sector)


def _lath_faces(
    rng: np.random.Generator, radius: float, aspect: float
) -> list[tuple[float, float]]:
    """Direction and distance of each face: a rectangle with some of its corners cut."""
    turn, half = rng.uniform(0, np.pi), radius / aspect
    faces = [(turn + k * np.pi / 2, half if k % 2 else radius) for k in range(4)]
    for k in range(4):
        if rng.random() < 0.4:
            corner = np.hypot(radius, half) * rng.uniform(0.75, 0.95)
            direction = turn + (k // 2) * np.pi + (1 if k % 2 else -1) * np.arctan2(half, radius)
            faces.append((direction + rng.normal(0, 0.15), corner))
    return faces


def _polygon_faces(rng: np.random.Generator, radius: float) -> list[tuple[float, float]]:
    """Direction and distance of five to eight faces of an equant crystal or fragment."""
    count = int(rng.integers(5, 9))
    turns = 2 * np.pi * (np.arange(count) + rng.uniform(-0.3, 0.3, count)) / count
    distances = radius * rng.uniform(0.6, 1.0, count)
    return list(zip(turns + rng.uniform(0, 6.28), distances, strict=True))


def cracks(rng: np.random.Generator, shape: Shape, count: int) -> Iterator[Body]:
    """Random walks across the field with half-widths of 0.4 to 1.8 fine pixels, tapering."""
    for _ in range(count):
        steps = int(rng.uniform(0.15, 1.1) * max(shape) / 3)
        heading = rng.uniform(0, 2 * np.pi) + np.cumsum(rng.normal(0, 0.13, steps))
        path = rng.uniform(0, shape, 2) + np.cumsum(
            3 * np.stack([np.sin(heading), np.cos(heading)], 1), 0
        )
        half_width = log_uniform(rng, 0.4, 3.6)
        width = (
            half_width
            * (0.5 + 0.5 * np.sin(np.linspace(0.2, 2.9, steps)))
            * np.exp(0.3 * np.cumsum(rng.normal(0, 0.3, steps)) / np.sqrt(steps))
        )
        for centre, half in zip(path, width, strict=True):
            window = _window(shape, centre, half + 3)
            if window is not None:
                dy, dx = _offsets(window, centre)
                yield Body(window, half - np.hypot(dy, dx), float(half))
