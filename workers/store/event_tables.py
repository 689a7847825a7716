"""What calorimeter events are on disk: the columns of their tables, each an array of its own.

`event`, `offsets`, `cell`, `energy`, perhaps `truth`; of the geometry `parent` and `sigma`, and of
its cells `coarse_<column>` and `fine_<column>`.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import zarr
from numpy.typing import NDArray
from zarr.codecs import BloscCodec

from workers.events import Cells, Events, Geometry
from workers.measurement import Problem
from workers.store import opening
from workers.store.places import Place

COLUMNS = ("event", "offsets", "cell", "energy", "truth")
LEVELS = ("coarse", "fine")
CHUNK = 2**20  # entries of a column; of `truth`, as many events as hold that many


def write_tables(root: zarr.Group, m: Events) -> list[str]:
    """Write every column of `m` that is there; returns the names."""
    columns = {name: getattr(m, name) for name in COLUMNS if getattr(m, name) is not None}
    columns |= {"parent": m.geometry.parent, "sigma": m.geometry.sigma}
    for level in LEVELS:
        cells: Cells = getattr(m.geometry, level)
        columns |= {f"{level}_{name}": values for name, values in cells.columns().items()}
    for name, values in columns.items():
        root.create_array(
            name,
            data=values,
            chunks=_chunks(values),
            compressors=BloscCodec(cname="zstd", clevel=3, shuffle="shuffle"),
        )
    return list(columns)


def read_tables(place: Place, attributes: Mapping[str, Any]) -> Events:
    """The events at `place`, whose `fiducial` attributes these are."""
    columns = {name: np.asarray(opening.array(place / name)[:]) for name in attributes["arrays"]}
    coarse, fine = (_cells_of(columns, level) for level in LEVELS)
    parts: dict[str, Any] = {name: columns[name] for name in COLUMNS if name in columns}
    return Events(
        **parts,
        geometry=Geometry(coarse, fine, columns["parent"], columns["sigma"], attributes["frame"]),
        problems=tuple(Problem(**problem) for problem in attributes["problems"]),
        provenance=attributes["provenance"],
    )


def _cells_of(columns: Mapping[str, NDArray[Any]], level: str) -> Cells:
    head = f"{level}_"
    return Cells(**{n.removeprefix(head): v for n, v in columns.items() if n.startswith(head)})


def _chunks(values: NDArray[Any]) -> tuple[int, ...]:
    row = int(np.prod(values.shape[1:], dtype=np.int64))
    return (min(max(1, CHUNK // max(row, 1)), max(1, len(values))), *values.shape[1:])
