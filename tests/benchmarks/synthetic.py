"""Synthetic specimens of the diffusion benchmark: truth is known, and no network has seen them.

Seeds of scenes: 1 and 11 trained the networks, 2, 3, 12 and 13 served their cards.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from workers.training.minerals import bodies
from workers.training.minerals.single_textures import SINGLE_TEXTURES
from workers.training.scenes import rate_of

FACTOR = 4
SIDE = 128  # fine pixels along the side of a specimen
ELEMENTS = 6
HELD_OUT = 1000  # added to a benchmark's seed: scenes of their own
BRIGHTER = 30.0  # the rare phase over everything else
INTERACTION = 0.6  # standard deviation of the volume X-rays come from, fine pixels

Maps = NDArray[np.float32]


@dataclass(frozen=True)
class Specimen:
    """`y` (e, h, w) counts in blocks of four, `truth` (e, H, W) in the same units."""

    y: Maps
    truth: Maps

    @property
    def peak(self) -> NDArray[np.float64]:
        """The 99.9th percentile of each element, `(e,)`."""
        return np.quantile(self.truth.astype(float), 0.999, axis=(1, 2))


def rocks(seed: int, count: int, dose: float) -> Iterator[Specimen]:
    """Scenes of the generators, mapped with `dose` counts in a block as bright as the peak."""
    for n in range(count):
        rng = np.random.default_rng([seed, n, 7])
        rate = rate_of(n, HELD_OUT + seed, 2 * SIDE)
        top, left = rng.integers(0, rate.shape[1] - SIDE + 1, 2)
        chosen = rng.permutation(len(rate))[:ELEMENTS]
        yield mapped(rate[chosen, top : top + SIDE, left : left + SIDE], dose, rng)


def mapped(rate: Maps, dose: float, rng: np.random.Generator) -> Specimen:
    """The counts of a truth scaled so that each element's peak gives `dose` counts in a block."""
    peak = np.quantile(rate, 0.999, axis=(1, 2))
    truth = rate * (dose / np.maximum(peak, 1e-6))[:, None, None].astype(np.float32)
    return Specimen(rng.poisson(blocks(truth)).astype(np.float32), truth)


def blocks(values: NDArray[np.floating]) -> NDArray[np.floating]:
    """Block means, `(e, H, W) -> (e, H/4, W/4)`."""
    e, height, width = values.shape
    cells = values.reshape(e, height // FACTOR, FACTOR, width // FACTOR, FACTOR)
    return np.asarray(cells.mean((2, 4)))


def single_texture(name: str, seed: int, count: int, dose: float) -> Iterator[Specimen]:
    """Scenes of one texture too fine to be seen; the elements that show it most."""
    for n in range(count):
        rng = np.random.default_rng([HELD_OUT + seed, n, 8])
        rate = SINGLE_TEXTURES[name](rng, SIDE).rate
        contrast = rate.std(axis=(1, 2)) / rate.mean(axis=(1, 2))
        yield mapped(rate[np.argsort(-contrast)[:ELEMENTS]], dose, rng)


def rare_bright(seed: int, count: int, dose: float) -> Iterator[Specimen]:
    """Rocks with a few grains in which the first element is `BRIGHTER` times brighter."""
    for n in range(count):
        rng = np.random.default_rng([seed, n, 9])
        rate = rate_of(4 * n, HELD_OUT + seed, 2 * SIDE)[:ELEMENTS, :SIDE, :SIDE].copy()
        rest = float(np.quantile(rate[0], 0.999))
        for _ in range(3):
            body = bodies.round_body(rng, (SIDE, SIDE), rng.uniform(2, 6), 0.1)
            if body is not None:
                rate[0][body.window][body.distance > 0] = BRIGHTER * rest
        rate[0] = gaussian_filter(rate[0], INTERACTION)  # no instrument has sharper edges
        yield mapped(rate, dose, rng)
