"""Calorimeter events: the energies of coarse cells, and the finer cells each is the sum of."""

from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from workers.measurement import Problem

Frame = Literal["plane", "eta-phi", "polar"]  # the last two go round along y
Float = NDArray[np.float32]
Index = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Cells:
    """A table of `n` cells: a box in its layer each.

    `layer` is int32 `(n,)`, counted from 0 along the shower. `x`, `y` float32 `(n,)` are the centre
    and `width`, `height` float32 `(n,)` the sides along them: both in mm; η and φ (rad); or radius
    (mm) and angle (rad).
    """

    layer: NDArray[np.int32]
    x: Float
    y: Float
    width: Float
    height: Float

    def __post_init__(self) -> None:
        """Refuse columns of different lengths, and cells that are no boxes (ValueError)."""
        sizes = {name: len(column) for name, column in self.columns().items()}
        if len(set(sizes.values())) != 1:
            raise ValueError(f"The columns of a table of cells differ in length: {sizes}.")
        for name, column in self.columns().items():
            if not np.isfinite(column).all():
                raise ValueError(f"A cell has no number for its {name}.")
        if len(self) and (self.width.min() <= 0 or self.height.min() <= 0):
            raise ValueError("A cell has no width or height: give sizes above 0.")

    def __len__(self) -> int:
        return len(self.layer)

    def columns(self) -> dict[str, NDArray[Any]]:
        """Every column by its name."""
        return {name: getattr(self, name) for name in ("layer", "x", "y", "width", "height")}


@dataclass(frozen=True, eq=False)
class Geometry:
    """Coarse cells that are read out and the fine cells they are the sums of.

    `parent` int64 `(fine,)` names the coarse cell of every fine one, any number of them to each;
    `sigma` float32 `(coarse,)` is the noise of one coarse cell in MeV.
    """

    coarse: Cells
    fine: Cells
    parent: Index
    sigma: Float
    frame: Frame = "plane"

    def __post_init__(self) -> None:
        """Refuse parents that do not exist, parents without a child, and no noise (ValueError)."""
        if len(self.parent) != len(self.fine) or len(self.sigma) != len(self.coarse):
            raise ValueError(
                f"{len(self.parent)} parents for {len(self.fine)} fine cells, "
                f"{len(self.sigma)} noises for {len(self.coarse)} coarse cells."
            )
        wrong = np.flatnonzero((self.parent < 0) | (self.parent >= len(self.coarse)))
        if wrong.size:
            raise ValueError(
                f"Fine cell {wrong[0]} names coarse cell {self.parent[wrong[0]]} as its parent; "
                f"there are {len(self.coarse)}, counted from 0."
            )
        childless = np.flatnonzero(self.children() == 0)
        if childless.size:
            raise ValueError(
                f"Coarse cell {childless[0]} has no fine cell: every cell needs at least one "
                "(itself, where it is not divided)."
            )
        if not (np.isfinite(self.sigma).all() and (self.sigma > 0).all()):
            raise ValueError("The noise of a cell is not a number above 0 MeV.")

    def children(self) -> Index:
        """How many fine cells each coarse one has, `(coarse,)`."""
        return np.bincount(self.parent, minlength=len(self.coarse))


@dataclass(frozen=True, eq=False)
class Events:
    """Measured events: the coarse cells that were kept, one event after the other.

    `event` int64 `(n,)` are the numbers the file gives its events. Cells of event `i` are the
    entries `offsets[i]:offsets[i + 1]` of `cell` int32 (of the geometry's coarse ones) and
    `energy` float32 (MeV); a cell that is not among them was suppressed. `truth`, where known, is
    float32 `(n, fine)` MeV, the energies of all fine cells: for judging, never for estimating.
    """

    event: Index
    offsets: Index
    cell: NDArray[np.int32]
    energy: Float
    geometry: Geometry
    truth: Float | None = None
    problems: tuple[Problem, ...] = ()
    provenance: dict[str, Any] = field(default_factory=dict)
    content: Literal["events"] = "events"

    def __post_init__(self) -> None:
        """Refuse a table whose parts do not fit each other (ValueError)."""
        ends = (self.offsets[0], self.offsets[-1]) if len(self.offsets) else (0, 0)
        if len(self.offsets) != len(self.event) + 1 or ends != (0, len(self.cell)):
            raise ValueError(
                f"{len(self.offsets)} offsets from {ends[0]} to {ends[1]} for {len(self.event)} "
                f"events of {len(self.cell)} cells."
            )
        if (np.diff(self.offsets) < 0).any() or len(self.cell) != len(self.energy):
            raise ValueError("The offsets fall, or cells and energies differ in number.")
        if not np.isfinite(self.energy).all():
            raise ValueError("The energy of a cell is not a number.")
        coarse = len(self.geometry.coarse)
        if len(self.cell) and not 0 <= self.cell.min() <= self.cell.max() < coarse:
            raise ValueError(f"An event names a cell that is not one of the {coarse}.")
        wanted = (len(self), len(self.geometry.fine))
        if self.truth is not None and self.truth.shape != wanted:
            raise ValueError(f"a truth of {self.truth.shape} for events and fine cells {wanted}")

    def __len__(self) -> int:
        return len(self.event)

    def noting(self, problem: Problem) -> "Events":
        """With one more problem."""
        return replace(self, problems=(*self.problems, problem))

    def of_cells(self) -> Index:
        """The row of the event each entry of `cell` belongs to."""
        return np.repeat(np.arange(len(self)), np.diff(self.offsets))

    def dense(self) -> tuple[Float, NDArray[np.bool_]]:
        """Energies `(n, coarse)` in MeV, 0 where suppressed, and which cells were kept."""
        shape = (len(self), len(self.geometry.coarse))
        energies, kept = np.zeros(shape, np.float32), np.zeros(shape, np.bool_)
        rows = self.of_cells()
        energies[rows, self.cell], kept[rows, self.cell] = self.energy, True
        return energies, kept


def events_of(
    energies: Float,
    kept: NDArray[np.bool_],
    geometry: Geometry,
    truth: Float | None = None,
    provenance: dict[str, Any] | None = None,
) -> Events:
    """The table of energies `(n, coarse)`: undoes `Events.dense`; events are numbered from 0."""
    rows, cells = np.nonzero(kept)
    return Events(
        event=np.arange(len(energies)),
        offsets=np.concatenate([[0], np.cumsum(kept.sum(axis=1))]),
        cell=cells.astype(np.int32),
        energy=energies[rows, cells].astype(np.float32),
        geometry=geometry,
        truth=truth,
        provenance=provenance or {},
    )
