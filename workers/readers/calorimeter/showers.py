"""HDF5 files of simulated showers in one calorimeter, one particle each, energies without noise.

* CaloGAN (Paganini, de Oliveira and Nachman, PRD 97, 014021): `layer_0` (n, 3, 96), `layer_1`
  (n, 12, 12), `layer_2` (n, 12, 6) MeV, `energy` GeV; rows lie along φ, 480 mm a side.
* CaloChallenge data sets 2 and 3 (Krause et al., 2410.21611): `showers` (n, voxels) and
  `incident_energies` (n, 1), MeV; 45 layers of rings divided by angle.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import h5py
import numpy as np
from numpy.typing import NDArray

from workers.events import Cells, Events, Float
from workers.measurement import Problem
from workers.readers import hdf5
from workers.readers.calorimeter.dividing import factor_of
from workers.readers.calorimeter.measuring import measured
from workers.readers.limits import MAX_VALUES
from workers.readers.problems import refusal

Kind = Literal["CaloGAN", "CaloChallenge"]
CALOGAN_SIDE_MM = 480.0
CALOGAN_LAYERS = ((3, 96), (12, 12), (12, 6))  # along φ, along η
# Layers, divisions of the angle, rings, and the width of a ring in mm, by the number of voxels.
CALOCHALLENGE = {6480: (45, 16, 9, 4.65), 40500: (45, 50, 18, 2.325)}
MOST_VALUES = MAX_VALUES // 4  # of which copies are made
Index = NDArray[np.int64]


def kind_of(path: Path) -> Kind | None:
    """Which of the two a file is, by the names in it (ReadError if it is damaged)."""
    with hdf5.opened(path) as file:
        if {"incident_energies", "showers"} <= set(file):
            return "CaloChallenge"
        if {"layer_0", "layer_1", "layer_2", "energy"} <= set(file):
            return "CaloGAN"
    return None


def read(path: Path, kind: Kind, told: Mapping[str, Any]) -> Events:
    """The showers, measured by cells that hold `told["factor"]` fine ones along a side."""
    factor = factor_of(told)
    with hdf5.opened(path) as file:
        if kind == "CaloGAN":
            names = [f"layer_{number}" for number in range(3)]
            layers = _first_events(path.name, [_dataset(path.name, file, name) for name in names])
            _check_shapes(path.name, layers)
            fine, group = _calogan(factor)
            truth, beam = np.concatenate([_flat(one) for one in layers], axis=1), "energy"
        else:
            (showers,) = _first_events(path.name, [_dataset(path.name, file, "showers")])
            fine, group = _calochallenge(path.name, showers.shape[1:], factor)
            truth, beam = showers, "incident_energies"
        unit = 1e3 if kind == "CaloGAN" else 1.0
        energies = unit * hdf5.array(_dataset(path.name, file, beam), f"{path.name}/{beam}").ravel()
        total = len(_dataset(path.name, file, beam))
    _check(path.name, truth, energies[: len(truth)])
    frame = "plane" if kind == "CaloGAN" else "polar"
    events = measured(path.name, truth, fine, group, told, frame)  # type: ignore[arg-type]
    return _noting_the_rest(path.name, events, total)


def _dataset(name: str, file: h5py.File, key: str) -> h5py.Dataset:
    item = file[key]
    if not isinstance(item, h5py.Dataset) or item.dtype.kind not in "uif" or not item.ndim:
        raise refusal(f"{name}/{key}", "It holds no numbers.", "Export the showers again.")
    return item


def _first_events(name: str, datasets: list[h5py.Dataset]) -> list[Float]:
    """As many events of each as can be held, float32."""
    lengths = {len(dataset) for dataset in datasets}
    if lengths == {0}:
        raise refusal(name, "There is no event in this file.", "Export the showers again.")
    if len(lengths) > 1:
        raise refusal(
            name,
            f"Its layers hold different numbers of events: {sorted(lengths)}.",
            "The file may have been cut off: export it again.",
        )
    row = sum(int(np.prod(dataset.shape[1:])) for dataset in datasets)
    held = max(1, MOST_VALUES // max(row, 1))
    if row > MOST_VALUES:
        raise refusal(name, f"One event declares {row:,} cells.", "Export the showers again.")
    return [np.asarray(dataset[:held], np.float32) for dataset in datasets]


def _flat(layer: Float) -> Float:
    return layer.reshape(len(layer), -1)


def _check_shapes(name: str, layers: list[Float]) -> None:
    found = tuple(layer.shape[1:] for layer in layers)
    if found != CALOGAN_LAYERS:
        raise refusal(
            name,
            f"The layers of CaloGAN have {CALOGAN_LAYERS} cells; here they have {found}.",
            "Export the cells as a table instead: docs/readers.md says how.",
        )


def _check(name: str, truth: Float, beam_mev: NDArray[np.float32]) -> None:
    if (wrong := np.argwhere(~np.isfinite(truth))).size:
        raise refusal(
            name,
            f"The energy of cell {wrong[0][1]} of event {wrong[0][0]} is no number.",
            "Export the showers again.",
        )
    ratio = float(np.median(truth.sum(axis=1) / np.maximum(beam_mev, 1e-6)))
    if not 1e-2 < ratio < 30:  # a sampling fraction, or cells already corrected for one
        raise refusal(
            name,
            f"The cells of an event hold {ratio:.2g} times the energy of its particle.",
            "Both must be in the units of the format (cells in MeV): export the showers again.",
        )


def _calogan(factor: int) -> tuple[Cells, Index]:
    parts, groups, first = [], [], 0
    for number, (rows, columns) in enumerate(CALOGAN_LAYERS):
        row, column = (axis.ravel() for axis in np.indices((rows, columns)))
        height, width = CALOGAN_SIDE_MM / rows, CALOGAN_SIDE_MM / columns
        x = (column + 0.5) * width - CALOGAN_SIDE_MM / 2
        y = (row + 0.5) * height - CALOGAN_SIDE_MM / 2
        alike = (np.full(row.shape, value) for value in (number, width, height))
        layer, widths, heights = alike
        parts.append((layer, x, y, widths, heights))
        group = row // factor * (-(-columns // factor)) + column // factor
        groups.append(first + group)
        first += int(group.max()) + 1
    return _cells(parts), np.concatenate(groups).astype(np.int64)


def _calochallenge(name: str, shape: tuple[int, ...], factor: int) -> tuple[Cells, Index]:
    voxels = int(np.prod(shape))
    if len(shape) != 1 or voxels not in CALOCHALLENGE:
        raise refusal(
            f"{name}/showers",
            f"An event has {voxels:,} voxels; those of data sets 2 and 3 have 6,480 and 40,500.",
            "Data set 1 and others keep their cells in a file of their own: export the cells as "
            "a table instead, docs/readers.md says how.",
        )
    layers, angles, rings, ring_mm = CALOCHALLENGE[voxels]
    layer, angle, ring = (axis.ravel() for axis in np.indices((layers, angles, rings)))
    turn = 2 * np.pi / angles
    sides = np.full(layer.shape, ring_mm), np.full(layer.shape, turn)
    fine = _cells([(layer, (ring + 0.5) * ring_mm, (angle + 0.5) * turn, *sides)])
    across, around = -(-rings // factor), -(-angles // factor)
    group = (layer * around + angle // factor) * across + ring // factor
    return fine, group.astype(np.int64)


def _cells(parts: Sequence[tuple[NDArray[Any], ...]]) -> Cells:
    layer, x, y, width, height = (np.concatenate(column) for column in zip(*parts, strict=True))
    rest = (values.astype(np.float32) for values in (x, y, width, height))
    return Cells(layer.astype(np.int32), *rest)


def _noting_the_rest(name: str, events: Events, total: int) -> Events:
    if total == len(events):
        return events
    note = Problem(
        "warning",
        name,
        f"The file holds {total:,} events; the first {len(events):,} were read.",
        "Cut the file into parts to read the others.",
    )
    return events.noting(note)
