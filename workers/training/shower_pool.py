"""Generated showers kept as maps, from which events are put together in no time.

Making the spots of a shower takes about a millisecond, adding its map to an event some
microseconds. Training sees every shower many times, but turned, moved and beside others.
"""

from dataclasses import dataclass

import numpy as np

from workers.events import Float
from workers.physics.calorimeter.geometry import LAYERS, PITCH_MM, ROWS
from workers.training.shower_scenes import (
    DISC_MM,
    ENERGY_GEV,
    Float64,
    Index,
    Particles,
    Scenes,
)
from workers.training.showers import ELECTRON, LAYER_EDGES_X0, PHOTON, SPOTS_PER_GEV, spots

HALF = 8  # fine cells from the middle of a kept map to its edge: a shower ends before
BATCH = 200  # showers whose spots are in memory at once


@dataclass(frozen=True, eq=False)
class Pool:
    """Showers: `maps` `(n, LAYERS, 2·HALF, 2·HALF)` MeV around the cell they come in at.

    `x`, `y` `(n,)` say where in that cell, in cells from 0 to 1.
    """

    maps: Float
    x: Float64
    y: Float64
    pdg: Index
    energy_gev: Float64

    @classmethod
    def generated(cls, count: int, rng: np.random.Generator) -> "Pool":
        """`count` showers of `training.showers`, electrons and photons."""
        x, y = rng.uniform(size=(2, count))
        pdg = rng.choice((ELECTRON, PHOTON), count)
        energy = rng.uniform(*ENERGY_GEV, count)
        parts = [slice(at, at + BATCH) for at in range(0, count, BATCH)]
        maps = [_maps(energy[p], pdg[p], x[p], y[p], rng) for p in parts]
        return cls(np.concatenate(maps), x, y, pdg, energy)

    def events(self, number: Index, rng: np.random.Generator) -> Scenes:
        """An event for each entry of `number` `(n,)`; places as those of `shower_scenes`."""
        count = int(number.sum())
        shower = rng.integers(len(self.maps), size=count)
        turn = rng.integers(8, size=count)
        event = np.repeat(np.arange(len(number)), number)
        radius = DISC_MM / PITCH_MM * np.sqrt(rng.uniform(size=count))
        angle = rng.uniform(0, 2 * np.pi, count)
        # Columns and rows from the middle of the plane; whole cells, and where in the cell.
        inside = _turned_places(turn, self.x[shower], self.y[shower])
        column, row = (
            np.rint(drawn - part).astype(np.int64)
            for drawn, part in zip(
                (radius * np.cos(angle), radius * np.sin(angle)), inside, strict=True
            )
        )
        fine = np.zeros((len(number), LAYERS, ROWS + 2 * HALF, ROWS + 2 * HALF), np.float32)
        first = ROWS // 2  # HALF cells of border, less HALF to the corner of a map
        for i in range(count):
            rows, columns = first + row[i], first + column[i]
            part = _turned_map(self.maps[shower[i]], int(turn[i]))
            fine[event[i], :, rows : rows + 2 * HALF, columns : columns + 2 * HALF] += part
        particles = Particles(
            event=event,
            pdg=self.pdg[shower],
            energy_gev=self.energy_gev[shower],
            x_mm=(column + inside[0]) * PITCH_MM,
            y_mm=(row + inside[1]) * PITCH_MM,
            shower=shower,
        )
        return Scenes(np.ascontiguousarray(fine[:, :, HALF:-HALF, HALF:-HALF]), particles)


def _maps(energy: Float64, pdg: Index, x: Float64, y: Float64, rng: np.random.Generator) -> Float:
    made = spots(energy, pdg, rng, SPOTS_PER_GEV)
    layer = np.searchsorted(LAYER_EDGES_X0, made.depth_x0, side="right") - 1
    column = np.floor(x[made.shower] + made.x_mm / PITCH_MM).astype(np.int64) + HALF
    row = np.floor(y[made.shower] + made.y_mm / PITCH_MM).astype(np.int64) + HALF
    side = 2 * HALF
    inside = (layer < LAYERS) & (row >= 0) & (row < side) & (column >= 0) & (column < side)
    flat = ((made.shower * LAYERS + layer) * side + row) * side + column
    summed = np.bincount(flat[inside], made.mev[inside], len(energy) * LAYERS * side**2)
    return summed.reshape(len(energy), LAYERS, side, side).astype(np.float32)


def _turned_places(turn: Index, x: Float64, y: Float64) -> tuple[Float64, Float64]:
    """Where in its cell a shower lies after its map was turned: as `_turned_map` does.

    The map's middle is the corner between its cells HALF − 1 and HALF, so a mirror takes the cell
    from 0 to 1 to the one from −1 to 0: the place turns negative, not to 1 − x.
    """
    swap = turn & 1 == 1
    x, y = np.where(swap, y, x), np.where(swap, x, y)
    return np.where(turn & 2, -x, x), np.where(turn & 4, -y, y)


def _turned_map(values: Float, turn: int) -> Float:
    """The eight ways to lay a square on itself: bit 0 swaps the axes, bits 1 and 2 mirror them."""
    if turn & 1:
        values = values.swapaxes(-1, -2)
    if turn & 2:
        values = values[..., ::-1]
    return values[..., ::-1, :] if turn & 4 else values
