"""Synthetic truth that looks like rock without following petrology.

Grains, zoning, rounded bodies with laminated or patterned fill, fine-grained and fractal matrix,
inclusions, cracks and rare bright spots, in phases whose compositions are random. It covers the
shapes of mineral maps broadly and teaches no mineral. `minerals.py` covers compositions.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from scipy.spatial import cKDTree

Array = NDArray[np.float64]
Rng = np.random.Generator

OVERSAMPLING = 2  # scenes are drawn this much finer and averaged, so edges fall between pixels


def fractal(rng: Rng, n: int, slope: float) -> Array:
    """A field `(n, n)` with power spectrum k^-slope, mean 0 and standard deviation 1."""
    k = np.hypot(np.fft.fftfreq(n)[:, None], np.fft.rfftfreq(n)[None]) + 1 / n
    white = np.fft.rfft2(rng.normal(size=(n, n)))
    field = np.fft.irfft2(white * k ** (-slope / 2), s=(n, n))
    standard: Array = (field - field.mean()) / field.std()
    return standard


@dataclass
class Canvas:
    """A scene in the making: `values` (e, n, n), phase compositions and warped coordinates."""

    rng: Rng
    n: int
    phases: Array  # (phases, e)
    values: Array
    y: Array
    x: Array
    warped_y: Array
    warped_x: Array

    @property
    def elements(self) -> int:
        return int(self.phases.shape[1])

    def phase(self) -> Array:
        chosen: Array = self.phases[self.rng.integers(len(self.phases))]
        return chosen


def texture(rng: Rng, size: int = 256) -> NDArray[np.float32]:
    """Noise-free expected counts `(e, size, size)` of 6 to 10 elements, decided by `rng`."""
    canvas = _blank(rng, OVERSAMPLING * size)
    _grains(canvas)
    for _ in range(int(rng.integers(0, 5))):
        _round_body(canvas)
    for _ in range(int(rng.integers(0, 4))):
        _matrix(canvas)
    _inclusions(canvas)
    if rng.random() < 0.5:
        _bright_spots(canvas)
    for _ in range(rng.poisson(1.5)):
        _crack(canvas)
    return _expose(canvas, size)


def _blank(rng: Rng, n: int) -> Canvas:
    elements = int(rng.integers(6, 11))
    y, x = np.mgrid[:n, :n].astype(float)
    count = int(rng.integers(3, 8))
    # Phases mix eight random end-members, so elements rise and fall together as in minerals.
    phases = rng.dirichlet(np.full(8, 0.35), count) @ np.exp(rng.normal(0, 1.0, (8, elements)))
    phases *= rng.random((count, elements)) < 0.75
    phases += 0.01 * phases.max(0) + 1e-4
    strength = rng.uniform(0, 20)
    warped_y = y + strength * fractal(rng, n, rng.uniform(2.5, 4))
    warped_x = x + strength * fractal(rng, n, rng.uniform(2.5, 4))
    return Canvas(rng, n, phases, np.zeros((elements, n, n)), y, x, warped_y, warped_x)


def _grains(c: Canvas) -> None:
    """Laguerre cells (nearest seed in three dimensions), stretched, warped and zoned."""
    rng, n = c.rng, c.n
    size = 2 * np.exp(rng.uniform(np.log(8), np.log(90)))
    aspect, angle = np.exp(abs(rng.normal(0, 0.35))), rng.uniform(0, np.pi)
    u = (np.cos(angle) * c.warped_x + np.sin(angle) * c.warped_y) / aspect
    v = (-np.sin(angle) * c.warped_x + np.cos(angle) * c.warped_y) * aspect
    count = int(max(6, (1.6 * n) ** 2 / size**2))
    seeds = np.c_[
        rng.uniform(u.min(), u.max(), count),
        rng.uniform(v.min(), v.max(), count),
        rng.uniform(0, 0.9 * size, count),
    ]
    distance, nearest = cKDTree(seeds).query(np.c_[u.ravel(), v.ravel(), np.zeros(n * n)], k=2)
    grain = nearest[:, 0].reshape(n, n)
    rim = (distance[:, 1] - distance[:, 0]).reshape(n, n)
    modes = rng.dirichlet(np.full(len(c.phases), 1.5))
    phase = rng.choice(len(c.phases), count, p=modes)[grain]
    c.values[:] = c.phases[phase].transpose(2, 0, 1)
    amplitude = rng.lognormal(-2.5, 0.8, c.phases.shape)
    zoning = _zoning(c, phase, grain, rim, size, count)
    signed = amplitude * rng.choice([-1, 1], c.phases.shape)
    c.values *= np.clip(1 + signed[phase].transpose(2, 0, 1) * zoning, 0.02, None)


def _zoning(c: Canvas, phase: Array, grain: Array, rim: Array, size: float, count: int) -> Array:
    """Per phase: growth step, oscillation, diffusion profile or irregular, about -1 to 1."""
    rng = c.rng
    period = 2 * np.exp(rng.uniform(np.log(1.8), np.log(14), len(c.phases)))
    kind = rng.integers(0, 4, len(c.phases))
    offset = rng.uniform(0, 6.28, count)[grain]
    zoning = np.zeros((c.n, c.n))
    for p in range(len(c.phases)):
        if kind[p] == 1:
            drift = 0.5 * fractal(rng, c.n, 3)
            profile = np.sin(rim * 2 * np.pi / period[p] + offset + drift)
        elif kind[p] == 2:
            length = 2 * rng.uniform(1.5, 12)
            profile = np.exp(-((rim / length) ** rng.uniform(1, 2))) * 2 - 1
        elif kind[p] == 3:
            profile = fractal(rng, c.n, rng.uniform(1.5, 3.5))
        else:
            profile = np.tanh((rim - size * 0.3) / (size * 0.1)) * rng.uniform(0, 1)
        zoning[phase == p] = profile[phase == p]
    return zoning


def _round_body(c: Canvas) -> None:
    """A chondrule or an ooid: laminated, blotchy or barred inside."""
    rng, n = c.rng, c.n
    centre_y, centre_x = rng.uniform(0, n, 2)
    outer = rng.uniform(15, 160)
    squeezed = np.hypot((c.y - centre_y) * rng.uniform(0.8, 1.2), c.x - centre_x)
    radius = squeezed + rng.uniform(0, 6) * fractal(rng, n, 3)
    a, b = rng.integers(0, len(c.phases), 2)
    fill = rng.integers(0, 3)
    if fill == 0:
        pattern = np.sin(radius * 2 * np.pi / rng.uniform(4, 30)) > rng.uniform(-0.8, 0.8)
    elif fill == 1:
        pattern = fractal(rng, n, rng.uniform(2, 3.5)) > rng.uniform(-1, 1)
    else:
        angle = rng.uniform(0, 3.14)
        across = np.cos(angle) * c.warped_x + np.sin(angle) * c.warped_y
        bars = across * 2 * np.pi / rng.uniform(5, 24) + fractal(rng, n, 3)
        pattern = np.sin(bars) > rng.uniform(-0.7, 0.7)
    inside = radius < outer
    both = np.where(pattern, c.phases[a][:, None, None], c.phases[b][:, None, None])
    c.values[:, inside] = both[:, inside]


def _matrix(c: Canvas) -> None:
    """A region of fine-grained or fractal matrix, with sharp or gradual changes."""
    rng, n = c.rng, c.n
    region = fractal(rng, n, rng.uniform(2.5, 4)) > rng.uniform(-0.5, 1.2)
    scale_free = fractal(rng, n, rng.uniform(1.8, 3))
    grainy = gaussian_filter(rng.normal(size=(n, n)), rng.uniform(2, 8))
    grainy /= grainy.std()
    field = scale_free if rng.random() < 0.5 else grainy
    first, second, third = c.phases[rng.integers(0, len(c.phases), 3)][:, :, None, None]
    low, high = np.sort(rng.uniform(-1.2, 1.2, 2))
    if rng.random() < 0.5:
        fill = first + (second - first) * np.clip(0.5 + 0.35 * field, 0, 1)
    else:
        fill = np.where(field < low, first, np.where(field < high, second, third))
    c.values[:, region] = fill[:, region]


def _inclusions(c: Canvas) -> None:
    rng = c.rng
    for _ in range(int(rng.integers(0, 60))):
        centre_y, centre_x = rng.uniform(0, c.n, 2)
        radius = 2 * rng.lognormal(np.log(2), 0.6)
        squeezed = (c.y - centre_y) * rng.uniform(0.6, 1.4)
        inside = squeezed**2 + (c.x - centre_x) ** 2 < radius * radius
        c.values[:, inside] = c.phase()[:, None]


def _bright_spots(c: Canvas) -> None:
    """A rare phase 5 to 60 times brighter in one element than that element's mean."""
    rng = c.rng
    element = rng.integers(c.elements)
    bright = np.exp(rng.uniform(np.log(5), np.log(60))) * c.phases[:, element].mean()
    for _ in range(int(rng.integers(1, 30))):
        centre_y, centre_x = rng.uniform(0, c.n, 2)
        radius = 2 * rng.lognormal(np.log(2.5), 0.7)
        inside = (c.y - centre_y) ** 2 + (c.x - centre_x) ** 2 < radius * radius
        c.values[:, inside] *= 0.3
        c.values[element][inside] = bright


def _crack(c: Canvas) -> None:
    rng, n = c.rng, c.n
    angle = rng.uniform(0, 3.14)
    line = np.cos(angle) * c.x + np.sin(angle) * c.y - rng.uniform(-0.3, 1.2) * n
    distance = abs(line + rng.uniform(2, 20) * fractal(rng, n, 3))
    inside = distance < 2 * rng.uniform(0.3, 1.8)
    c.values[:, inside] = (c.phase() * (rng.random() < 0.5))[:, None] + 1e-3


def _expose(c: Canvas, size: int) -> NDArray[np.float32]:
    """Average to pixels, blur by each line's interaction volume, scale to counts."""
    rng, e = c.rng, c.elements
    pixels = c.values.reshape(e, size, OVERSAMPLING, size, OVERSAMPLING).mean((2, 4))
    pixels = np.stack([gaussian_filter(p, rng.uniform(0.3, 0.9)) for p in pixels])
    mean = np.exp(rng.uniform(np.log(0.7), np.log(30), e))
    major = rng.random(e) < 0.45
    mean[major] = np.exp(rng.uniform(np.log(20), np.log(3000), major.sum()))
    pixels *= (mean / pixels.mean((1, 2)))[:, None, None]
    background = rng.uniform(0.005, 0.03, e) * mean
    counts: NDArray[np.float32] = (pixels + background[:, None, None]).astype(np.float32)
    return counts
