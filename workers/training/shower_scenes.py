"""Events of one to five showers in a planar calorimeter: truth, and what is measured of it.

Particles are electrons and photons, half each, of 5 to 50 GeV, uniform in a disc of 180 mm; they
come in along the axis. Truth is noise-free; noise and clustering are those of the coarse cells.
"""

from dataclasses import dataclass, fields
from functools import cache
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from workers.events import Float
from workers.physics.calorimeter import ROWS, Clustering, planar
from workers.physics.calorimeter.geometry import LAYERS, PITCH_MM, SIGMA_MEV
from workers.training.shower_files import PITCH_MM as FILE_PITCH_MM
from workers.training.shower_files import SIDE, ShowerFile
from workers.training.showers import ELECTRON, LAYER_EDGES_X0, PHOTON, SPOTS_PER_GEV, spots

MOST = 5
DISC_MM = 180.0
ENERGY_GEV = (5.0, 50.0)
BATCH = 128  # events at once: spots of a whole training set do not fit in memory
FINER = round(PITCH_MM / FILE_PITCH_MM)
Index = NDArray[np.int64]
Float64 = NDArray[np.float64]
Number = TypeVar("Number", np.int64, np.float64)
Pair = tuple[NDArray[Number], NDArray[Number]]


@dataclass(frozen=True, eq=False)
class Particles:
    """Particles `(m,)` of events: which event, what, GeV, where they came in (mm).

    `shower` is the number in the file it was simulated in, −1 for a generated one.
    """

    event: Index
    pdg: Index
    energy_gev: Float64
    x_mm: Float64
    y_mm: Float64
    shower: Index


@dataclass(frozen=True, eq=False)
class Scenes:
    """`fine` float32 (n, layers, rows, rows) MeV and the `particles` of the n events."""

    fine: Float
    particles: Particles

    def number(self) -> Index:
        """How many particles each event has, `(n,)`."""
        return np.bincount(self.particles.event, minlength=len(self.fine))


class Source(Protocol):
    """Where showers come from."""

    def events(self, number: Index, rng: np.random.Generator) -> Scenes:
        """An event for each entry of `number` `(n,)`, with that many particles."""


@dataclass(frozen=True)
class Generated:
    """Showers of the parameterisation; as many different ones as are asked for."""

    energies_gev: tuple[float, float] = ENERGY_GEV
    kinds: tuple[int, ...] = (ELECTRON, PHOTON)
    spots_per_gev: float = SPOTS_PER_GEV

    def events(self, number: Index, rng: np.random.Generator) -> Scenes:
        count = int(number.sum())
        pdg = rng.choice(self.kinds, count)
        energy = rng.uniform(*self.energies_gev, count)
        x, y = _places(count, rng)
        event = np.repeat(np.arange(len(number)), number)
        made = spots(energy, pdg, rng, self.spots_per_gev)
        fine = _histogram(
            event[made.shower],
            np.searchsorted(LAYER_EDGES_X0, made.depth_x0, side="right") - 1,
            _fine_cells(y[made.shower] + made.y_mm),
            _fine_cells(x[made.shower] + made.x_mm),
            made.mev,
            len(number),
        )
        return Scenes(fine, Particles(event, pdg, energy, x, y, np.full(count, -1)))


@dataclass(frozen=True, eq=False)
class Simulated:
    """Showers of a file, mirrored, turned by right angles and moved by whole deposits of 9 mm."""

    file: ShowerFile
    energies_gev: tuple[float, float] = ENERGY_GEV
    kinds: tuple[int, ...] = (ELECTRON, PHOTON)
    showers: Index | None = None  # the numbers of those that may be used; None: all

    def events(self, number: Index, rng: np.random.Generator) -> Scenes:
        """Places lie up to half a deposit of 9 mm beside where they were drawn."""
        shower = self._drawn(int(number.sum()), rng)
        turns = rng.integers(0, 8, len(shower))
        hits = _turned(turns, self.file.x_mm[shower], self.file.y_mm[shower])
        drawn = _places(len(shower), rng)
        step_x, step_y = (
            np.rint((place - hit) / FILE_PITCH_MM).astype(int)
            for place, hit in zip(drawn, hits, strict=True)
        )
        event = np.repeat(np.arange(len(number)), number)
        owner, cell, mev = self.file.deposits(shower)
        # Twice the distance from the centre, so that a grid of even side turns onto itself.
        row, column = 2 * (cell // SIDE % SIDE) + 1 - SIDE, 2 * (cell % SIDE) + 1 - SIDE
        column, row = _turned(turns[owner], column, row)
        fine = _histogram(
            event[owner],
            cell // SIDE**2,
            ((row + SIDE - 1) // 2 + step_y[owner]) // FINER,
            ((column + SIDE - 1) // 2 + step_x[owner]) // FINER,
            mev,
            len(number),
        )
        x, y = hits[0] + step_x * FILE_PITCH_MM, hits[1] + step_y * FILE_PITCH_MM
        pdg, energy = self.file.pdg[shower], self.file.energy_gev[shower]
        return Scenes(fine, Particles(event, pdg, energy, x, y, shower))

    def _drawn(self, count: int, rng: np.random.Generator) -> Index:
        low, high = self.energies_gev
        energy = self.file.energy_gev
        fit = (energy >= low) & (energy <= high) & np.isin(self.file.pdg, self.kinds)
        if self.showers is not None:
            fit &= np.isin(np.arange(len(self.file)), self.showers)
        return rng.choice(np.flatnonzero(fit), count)


def scenes(
    source: Source,
    count: int,
    rng: np.random.Generator,
    numbers: tuple[int, int] = (1, MOST),
) -> Scenes:
    """`count` events of `numbers[0]` to `numbers[1]` particles, each number equally often."""
    number = rng.integers(numbers[0], numbers[1] + 1, count)
    parts = [source.events(number[at : at + BATCH], rng) for at in range(0, count, BATCH)]
    columns = {
        f.name: np.concatenate([getattr(part.particles, f.name) for part in parts])
        for f in fields(Particles)
    }
    columns["event"] = np.repeat(np.arange(count), number)
    return Scenes(np.concatenate([part.fine for part in parts]), Particles(**columns))


def measured(fine: Float, factor: int, rng: np.random.Generator) -> tuple[Float, NDArray[np.bool_]]:
    """What is measured of `fine` (n, layers, rows, rows): energies with noise, and what is kept.

    Both are (n, layers, rows/factor, rows/factor). Energies are those of every cell; a reader of
    events sees those that are kept alone.
    """
    n, layers, rows, _ = fine.shape
    coarse = fine.reshape(n, layers, rows // factor, factor, rows // factor, factor).sum((3, 5))
    sigma = np.array(SIGMA_MEV, np.float32)[:, None, None]
    noisy = coarse + sigma * rng.standard_normal(coarse.shape, np.float32)
    kept = _clustering(factor, rows).kept(noisy.reshape(n, -1))
    return noisy, kept.reshape(noisy.shape)


@cache
def _clustering(factor: int, rows: int) -> Clustering:
    return Clustering.of(planar(factor, rows))


def _places(count: int, rng: np.random.Generator) -> tuple[Float64, Float64]:
    radius = DISC_MM * np.sqrt(rng.uniform(size=count))
    angle = rng.uniform(0, 2 * np.pi, count)
    return radius * np.cos(angle), radius * np.sin(angle)


def _fine_cells(place_mm: Float64) -> Index:
    return np.floor(place_mm / PITCH_MM).astype(np.int64) + ROWS // 2


def _turned(turns: Index, x: NDArray[Number], y: NDArray[Number]) -> Pair[Number]:
    """The eight ways to lay a square on itself: bit 0 swaps the axes, bits 1 and 2 mirror them."""
    swap = turns & 1 == 1
    first, second = np.where(swap, y, x), np.where(swap, x, y)
    return np.where(turns & 2, -first, first), np.where(turns & 4, -second, second)


def _histogram(
    event: Index,
    layer: Index,
    row: Index,
    column: Index,
    mev: NDArray[np.floating],
    count: int,
) -> Float:
    """Energies summed where they lie; what left the calorimeter is lost."""
    inside = (layer < LAYERS) & (row >= 0) & (row < ROWS) & (column >= 0) & (column < ROWS)
    flat = ((event * LAYERS + layer) * ROWS + row) * ROWS + column
    size = count * LAYERS * ROWS * ROWS
    summed = np.bincount(flat[inside], mev[inside], size)
    return summed.reshape(count, LAYERS, ROWS, ROWS).astype(np.float32)
