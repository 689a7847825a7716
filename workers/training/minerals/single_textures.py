"""Scenes of one texture finer than a coarse map can see: the hard case of every sampler.

Estimates flatten them; what is asked of a posterior is that its spread says so.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from workers.training.minerals import textures
from workers.training.minerals.fields import noise, oscillation
from workers.training.minerals.phases import Palette
from workers.training.minerals.scene import SUPERSAMPLING, Scene, photographed
from workers.training.minerals.styles import METAMORPHIC, Canvas

ZONED = ("plagioclase", "garnet", "clinopyroxene", "amphibole")


def oscillatory(rng: np.random.Generator, size: int = 256) -> Scene:
    """One mineral whose composition oscillates along wavy growth faces, period 2 to 14 pixels."""
    canvas = Canvas(rng, size * SUPERSAMPLING, Palette(rng))
    shape = (canvas.size, canvas.size)
    host = np.full(shape, canvas.draw(ZONED)[0], np.int32)
    canvas.fill((host, oscillation(rng, _distance(rng, shape))))
    return photographed(canvas)


def symplectite(rng: np.random.Generator, size: int = 256) -> Scene:
    """A worm-like intergrowth of two or three minerals."""
    canvas = Canvas(rng, size * SUPERSAMPLING, Palette(rng))
    ids = canvas.draw(METAMORPHIC[:-1], 3)
    canvas.fill(textures.symplectite(rng, (canvas.size, canvas.size), ids, 0))
    return photographed(canvas)


SINGLE_TEXTURES: dict[str, Callable[[np.random.Generator, int], Scene]] = {
    "oscillatory": oscillatory,
    "symplectite": symplectite,
}


def _distance(rng: np.random.Generator, shape: tuple[int, int]) -> NDArray[np.float32]:
    """The distance from a wavy growth face, supersampled pixels."""
    y, x = np.indices(shape).astype(np.float32)
    angle = rng.uniform(0, np.pi)
    waves = 12 * noise(rng, shape, 3.0, longest=120, shortest=6)
    return np.asarray(np.cos(angle) * x + np.sin(angle) * y + waves, np.float32)
