"""Files of calorimeter events, as a person would bring them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from workers.events import Cells, Events

COARSE = 100_000  # from which on coarse cells are numbered
CELL_COLUMNS = ("cell", "parent", "layer", "x_mm", "y_mm", "width_mm", "height_mm", "sigma_mev")


def write_rows(path: Path, heading: tuple[str, ...], rows: list[tuple[Any, ...]]) -> Path:
    fields = (("" if value is None else f"{value:.9g}" for value in row) for row in rows)
    lines = [",".join(heading), *(",".join(row) for row in fields)]
    path.write_text("\n".join(lines) + "\n")
    return path


def described(cells: Cells, i: int) -> tuple[Any, ...]:
    return cells.layer[i], cells.x[i], cells.y[i], cells.width[i], cells.height[i]


def cell_table(path: Path, events: Events) -> Path:
    """Coarse cells from COARSE on, fine ones from 1 on with their parents."""
    geometry = events.geometry
    rows: list[tuple[Any, ...]] = [
        (COARSE + i, None, *described(geometry.coarse, i), geometry.sigma[i])
        for i in range(len(geometry.coarse))
    ]
    rows += [
        (1 + i, COARSE + geometry.parent[i], *described(geometry.fine, i), None)
        for i in range(len(geometry.fine))
    ]
    return write_rows(path, CELL_COLUMNS, rows)


def event_table(path: Path, events: Events, unit: str = "mev", numbered: int = 500) -> Path:
    """Measured energies and, where known, those of fine cells above 0."""
    scale = {"mev": 1.0, "gev": 1e-3}[unit]
    rows = [
        (numbered + event, COARSE + cell, energy * scale)
        for event, cell, energy in zip(events.of_cells(), events.cell, events.energy, strict=True)
    ]
    if events.truth is not None:
        rows += [
            (numbered + event, 1 + cell, events.truth[event, cell] * scale)
            for event, cell in np.argwhere(events.truth > 0)
        ]
    return write_rows(path, ("event", "cell", f"energy_{unit}"), rows)


def single_table(path: Path, events: Events) -> Path:
    """Events whose rows describe their cells themselves, without any finer ones."""
    rows = [
        (event, *described(events.geometry.coarse, cell), energy, events.geometry.sigma[cell])
        for event, cell, energy in zip(events.of_cells(), events.cell, events.energy, strict=True)
    ]
    heading = ("event", "layer", "x", "y", "width", "height", "energy", "sigma")
    return write_rows(path, heading, rows)


def write_hdf5(path: Path, datasets: Mapping[str, Any]) -> Path:
    with h5py.File(path, "w") as file:
        for name, values in datasets.items():
            file.create_dataset(name, data=values)
    return path


def calogan(path: Path, count: int = 12, seed: int = 0, **changed: Any) -> Path:
    """Showers of 30 GeV that fall off from the middle of the layers of CaloGAN."""
    rng = np.random.default_rng(seed)
    datasets: dict[str, Any] = {"energy": np.full((count, 1), 30.0)}
    for number, (shape, mev) in enumerate((((3, 96), 5e3), ((12, 12), 2e4), ((12, 6), 2e3))):
        row, column = (np.linspace(-1, 1, size) for size in shape)
        falling = np.exp(-6 * np.hypot(row[:, None], column))
        spread = falling * rng.exponential(1, (count, *shape))
        datasets[f"layer_{number}"] = mev * spread / spread.sum(axis=(1, 2), keepdims=True)
    return write_hdf5(path, datasets | changed)


def calochallenge(path: Path, count: int = 6, seed: int = 0, **changed: Any) -> Path:
    """Showers of 60 GeV of data set 2: 45 layers of 16 angles and 9 rings."""
    rng = np.random.default_rng(seed)
    layer, ring = np.arange(45)[:, None, None], np.arange(9)
    mean = np.exp(-(((layer - 12) / 8) ** 2) - ring / 1.5) * np.ones((45, 16, 9))
    spread = mean * rng.exponential(1, (count, 45, 16, 9))
    showers = 6e4 * spread / spread.sum(axis=(1, 2, 3), keepdims=True)
    datasets = {
        "incident_energies": np.full((count, 1), 6e4),
        "showers": showers.reshape(count, -1),
    }
    return write_hdf5(path, datasets | changed)
