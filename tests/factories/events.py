"""Measured calorimeter events whose truth is known."""

from typing import Any

import numpy as np

from tests.factories.cells import irregular
from workers.events import Events, events_of
from workers.physics.calorimeter import Clustering, planar
from workers.training.shower_scenes import Generated, measured, scenes


def showers(count: int = 6, factor: int = 4, seed: int = 0, **options: Any) -> Events:
    """Events of one to five generated showers in the planar calorimeter."""
    rng = np.random.default_rng(seed)
    fine = scenes(Generated(), count, rng).fine
    energies, kept = measured(fine, factor, rng)
    flat = (count, -1)
    return events_of(
        energies.reshape(flat),
        kept.reshape(flat),
        planar(factor),
        truth=fine.reshape(flat),
        **options,
    )


def read(count: int = 6, **options: Any) -> Events:
    """As `showers`, with what the reader of a table says of its files."""
    return showers(count, provenance={"format": "table", "files": [], "open": []}, **options)


def of_irregular_cells(count: int = 5, seed: int = 0, **options: Any) -> Events:
    """Noise and a few bright cells in a geometry that fits no grid; no truth."""
    rng = np.random.default_rng(seed)
    geometry = irregular(rng, 30)
    energies = geometry.sigma * rng.standard_t(2, (count, 30)).astype(np.float32)
    energies[:, 0] = 10 * geometry.sigma[0]
    return events_of(energies, Clustering.of(geometry).kept(energies), geometry, **options)
