"""The plane in which states lie furthest apart, what is decoded on it, and the way between two."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from workers import store
from workers.assessment.units import landscape as ground
from workers.assessment.units.finding import Found
from workers.physics.pose import circle, posed
from workers.recipes.unit_members import Member, agreed
from workers.recipes.unit_states import state_of_units, usual_change
from workers.recipes.units import SIDE

Array = NDArray[np.float64]

TILES = 7  # along each side of the plane, decoded


def write_way(
    writer: store.RunWriter,
    first: Member,
    members: Sequence[Member],
    found: Found,
    patches: NDArray[np.float32],
    seed: int,
) -> dict[str, Any] | None:
    """The pathway between the two states that most changes join; None where there is none.

    The interval of the saddle holds those of all networks that find as many states.
    """
    ends = usual_change(first.states) if agreed(members) else None
    seen = _Seen.of(first, found, ends)
    whole = ground.landscape(seen.places, seen.variances, seen.scatter)
    writer.table("places", {"u": seen.places[:, 0], "v": seen.places[:, 1]})
    writer.table("grid", {"u": whole.x, "v": whole.y})
    writer.table("height", {"nats": whole.height.ravel()})
    _write_tiles(writer, first, seen, whole)
    if ends is None or first.states is None:
        return None
    rng = np.random.default_rng(seed)
    way = seen.path(ends, rng)
    saddles = [(way.low, way.high)]
    for other in members:
        if other is first or other.states is None or other.states.count != first.states.count:
            continue
        again = _Seen.of(other, found, ends).path(ends, rng)
        saddles.append((again.low, again.high))
    near = ((seen.places[None] - way.places[:, None]) ** 2).sum(2).argmin(axis=1)
    strip, turn = _decoded(first, seen.plane.back(way.places))
    writer.image("path", strip)
    writer.image("nearest", patches[near])
    writer.table(
        "path",
        {
            "u": way.places[:, 0],
            "v": way.places[:, 1],
            "nats": way.height,
            "extrapolated": way.extrapolated.astype(np.int64),
            "angle": np.degrees(turn),
            "nearest": near,
        },
    )
    low, high = min(each[0] for each in saddles), max(each[1] for each in saddles)
    return {
        "from": ends[0],
        "to": ends[1],
        "saddle": way.saddle,
        "low": low,
        "high": high,
        "extrapolated_share": float(way.extrapolated.mean()),
        "at_ceiling": bool(way.height.max() >= ground.HIGHEST),
    }


def _write_tiles(
    writer: store.RunWriter, first: Member, seen: "_Seen", whole: ground.Landscape
) -> None:
    """What is decoded over the plane, in each tile where units are found most often, with the
    middle of the tile; and whether a unit was ever seen near there.
    """
    parts = np.array_split(np.arange(len(whole.x)), TILES)
    lowest, middles, known = [], [], []
    for down in parts:
        for across in parts:
            heights = whole.height[np.ix_(down, across)]
            row, column = np.unravel_index(heights.argmin(), heights.shape)
            lowest.append((whole.x[across[column]], whole.y[down[row]]))
            middles.append((whole.x[across].mean(), whole.y[down].mean()))
            known.append(heights.min() <= whole.never)
    pictures, _ = _decoded(first, seen.plane.back(np.array(lowest)))
    u, v = np.array(middles).T
    writer.image("tiles", pictures)
    writer.table("tiles", {"u": u, "v": v, "seen": np.array(known, np.int64)})


def _decoded(member: Member, values: Array) -> tuple[NDArray[np.float32], Array]:
    """Pictures `(k, SIDE, SIDE)` at values (k, d), and how far each is turned, radians."""
    latents, turn = values, np.zeros(len(values))
    if member.turns:
        latents = values[:, 2:]
        turn = np.unwrap(np.arctan2(values[:, 1], values[:, 0])) / member.order
    pose = torch.zeros(len(values), 3)
    pose[:, 0] = torch.from_numpy(turn)
    label = torch.full((len(values),), member.learned.commonest)
    with torch.inference_mode():
        canonical = member.learned.net.decode(torch.from_numpy(latents).float(), label)
        pictures = posed(canonical, pose, SIDE).numpy() * circle(SIDE).numpy()
    return pictures.astype(np.float32), turn


@dataclass(frozen=True)
class _Seen:
    """Units on the plane in which the two states lie furthest apart, if there are two."""

    plane: ground.Plane
    places: Array
    variances: Array
    scatter: Array
    means: Array  # of states, (s, 2)

    @classmethod
    def of(cls, member: Member, found: Found, ends: tuple[int, int] | None) -> "_Seen":
        states = member.states
        along = states.mean[ends[1]] - states.mean[ends[0]] if states and ends else None
        plane = ground.Plane.of(member.values, along)
        places = plane.onto(member.values)
        means = plane.onto(states.mean) if states else places.mean(axis=0)[None]
        state = state_of_units(states, found)
        known = places[state >= 0] - means[state[state >= 0]] if states else places - means
        return cls(plane, places, member.variances @ plane.axes.T**2, known.std(axis=0), means)

    def path(self, ends: tuple[int, int], rng: np.random.Generator) -> ground.Path:
        both = self.means[ends[0]], self.means[ends[1]]
        return ground.path(self.places, self.variances, self.scatter, both, rng)
