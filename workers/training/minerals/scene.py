"""One synthetic scene: a rock seen through the optics of a microprobe, before counting noise."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from workers.training.minerals.fields import noise, ramp
from workers.training.minerals.phases import MAPPABLE, SYMBOLS, backscatter
from workers.training.minerals.styles import Canvas, composition_table, lay_out

SUPERSAMPLING = 2
FEWEST_CHANNELS, MOST_CHANNELS = 6, 12
INTERACTION_SIGMA = (0.35, 0.9)  # fine pixels: soft to hard lines
# Counts per wt% in a fine pixel at full dwell: from a quick EDS map to a slow WDS one.
COUNTS_PER_WT = (0.3, 260.0)
MEAN_COUNTS = (0.5, 8000.0)
BACKGROUND = (0.005, 0.02)  # of the peak


@dataclass(frozen=True)
class Scene:
    """A truth of `c` elements on `H x W` fine pixels.

    `rate` is float32 (c, H, W): noise-free expected counts per fine pixel at the full dwell, > 0.
    `guide` is float32 (H, W): an electron image (backscatter) of the same field, 0 to 255.
    """

    channels: tuple[str, ...]
    rate: NDArray[np.float32]
    guide: NDArray[np.float32]


def scene(rng: np.random.Generator, size: int = 256) -> Scene:
    """A scene of `size x size` fine pixels, decided by the state of `rng` alone."""
    if size < 32:
        raise ValueError(f"A scene of {size} pixels is too small to hold grains; use at least 32")
    return photographed(lay_out(rng, size * SUPERSAMPLING))


def photographed(canvas: Canvas) -> Scene:
    """What is painted on a canvas as the instrument sees it, half as many pixels a side."""
    rng, elements = canvas.rng, _choose_elements(canvas)
    wt, eta = concentrations(canvas, elements)
    rate = _counts(rng, wt, eta)
    return Scene(tuple(SYMBOLS[i] for i in elements), rate, _electron_image(rng, eta))


def concentrations(
    canvas: Canvas, elements: NDArray[np.int64]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """wt% `(c, N, N)` of the elements and backscattered fraction `(N, N)`, supersampled.

    A pixel is a point between core and rim of one phase, so all elements together close to 100.
    """
    core, rim = composition_table(canvas.palette)
    core, rim = (np.c_[v[:, elements], backscatter(v)].astype(np.float32) for v in (core, rim))
    t = np.clip(canvas.t, 0, 1)
    made = np.empty((core.shape[1], *t.shape), np.float32)
    for i, (start, change) in enumerate(zip(core.T, (rim - core).T, strict=True)):
        made[i] = start[canvas.phase] + change[canvas.phase] * t
    return made[:-1], made[-1]


def _choose_elements(canvas: Canvas) -> NDArray[np.int64]:
    """6 to 12 elements: mostly those that vary in the scene, at times one that is hardly there."""
    rng = canvas.rng
    core, rim = composition_table(canvas.palette)
    areas = np.bincount(canvas.phase.ravel(), minlength=len(core)) / canvas.phase.size
    mean = areas @ (core + rim) / 2
    spread = np.sqrt(areas @ ((core - mean) ** 2 + (rim - mean) ** 2) / 2)
    weight = MAPPABLE * (spread + 0.1 * mean + 0.03)
    count = int(rng.integers(FEWEST_CHANNELS, MOST_CHANNELS + 1))
    chosen = rng.choice(len(SYMBOLS), count, replace=False, p=weight / weight.sum())
    return np.sort(chosen)


def _counts(
    rng: np.random.Generator, wt: NDArray[np.float32], eta: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Expected counts per fine pixel: interaction volume, sensitivity, background."""
    exposure = np.exp(rng.uniform(*np.log(COUNTS_PER_WT)))
    softness = np.sort(rng.uniform(*INTERACTION_SIGMA, 2))
    backing = _shrink(eta)
    backing /= backing.mean()
    rates = []
    for channel in wt:
        sigma = rng.uniform(*softness) * SUPERSAMPLING
        line = _shrink(gaussian_filter(channel, sigma, mode="nearest", truncate=3.0))
        line *= exposure * np.exp(rng.normal(0, 0.8))
        line += backing * (rng.uniform(*BACKGROUND) * np.quantile(line, 0.999) + 0.02)
        allowed = np.array(MEAN_COUNTS) * np.exp(rng.uniform(-0.5, 0.5))
        rates.append(line * (np.clip(line.mean(), *allowed) / line.mean()))
    return np.stack(rates).astype(np.float32)


def _electron_image(rng: np.random.Generator, eta: NDArray[np.float32]) -> NDArray[np.float32]:
    """Backscatter with shading, relief at boundaries and detector noise, as 8-bit grey levels."""
    image = _shrink(gaussian_filter(eta, 0.3 * SUPERSAMPLING, mode="nearest"))
    low, high = np.quantile(image, [0.002, 0.995])
    image = np.clip((image - low) / (high - low + 1e-6), 0, 1.2) ** rng.uniform(0.7, 1.4)
    angle = rng.uniform(0, 2 * np.pi)
    slope = np.cos(angle) * np.gradient(image, axis=0) + np.sin(angle) * np.gradient(image, axis=1)
    image = image + rng.normal(0, 0.15) * slope
    image = image * (1 + rng.uniform(0, 0.15) * (ramp(rng, image.shape) - 0.5))
    image = 12 + 215 * image + rng.uniform(0.5, 4) * noise(rng, image.shape, 0)
    return np.asarray(np.clip(image, 0, 255), np.float32)


def _shrink(values: NDArray[np.float32]) -> NDArray[np.float32]:
    n = values.shape[0] // SUPERSAMPLING
    return np.asarray(values.reshape(n, SUPERSAMPLING, n, SUPERSAMPLING).mean((1, 3)), np.float32)
