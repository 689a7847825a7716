"""The numerics of `unit-pathways`: from frames to states of units, rates and pathways."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path as File
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from workers import store
from workers.assessment.units import landscape as ground
from workers.assessment.units.descriptor import describe
from workers.assessment.units.finding import Found, cut, find
from workers.assessment.units.states import States
from workers.assessment.units.symmetry import arc, order
from workers.physics.pose import circle, posed
from workers.posteriors.units.learning import Epoch, Heard
from workers.recipes import unit_words
from workers.recipes.unit_members import (
    SAMPLES,
    Member,
    agreed,
    classical_states,
    follow,
    learn_units,
    long_tracks,
    most_likely,
    most_usual,
    state_of_units,
    usual_change,
)
from workers.run import Report, RunError, ShouldStop, Stopped

Array = NDArray[np.float64]

SIDE = 24  # pixels of a patch
LEAST_UNITS = 20
LEVEL = 0.9
UNEXPLAINED = 1.4  # χ² per pixel, and so far from the others: five robust standard deviations
Step = Callable[[str, float], None]


def run(
    measurement: File,
    output: File,
    parameters: dict[str, Any],
    *,
    seed: int,
    report: Report,
    should_stop: ShouldStop,
) -> dict[str, Any]:
    """See `workers.run.run`. Raises RunError where there are too few units to learn from."""
    began = time.monotonic()

    def step(stage: str, share: float) -> None:
        if should_stop():
            raise Stopped
        report(stage, share)

    step("finding units", 0.0)
    measured = store.read_measurement(measurement)
    window = float(parameters["window"])
    found = find(measured.values, parameters["what"], window)
    if len(found.frame) < LEAST_UNITS:
        raise RunError(unit_words.too_few(len(found.frame), LEAST_UNITS, parameters["what"]))
    patches = cut(measured.values, found, window, SIDE)
    step("describing them without learning", 0.03)
    described = describe(patches)
    learned = [
        learn_units(patches, described, parameters, seed + k, _telling(step, k, parameters))
        for k in range(parameters["members"])
    ]
    step("following them through time", 0.92)
    n = parameters["order"] or order(
        [(each.net, each.commonest, each.posterior.noise) for each in learned]
    )
    turns = parameters["what"] != "places"
    members = [follow(each, found, n, turns, seed) for each in learned]
    first = most_usual(members)
    rival = classical_states(described, found, n, turns)
    with store.RunWriter(
        output,
        channels=("units",),
        measured_shape=(SIDE, SIDE),
        shape=(SIDE, SIDE),
        samples=0,
        provenance=_provenance(measured.provenance, measured.units, parameters, seed, measurement),
    ) as writer:
        explained = _write_units(writer, patches, found, first)
        step("finding the pathway", 0.95)
        way = _write_path(writer, first, members, found, patches, seed)
        summary = {
            "recipe": "unit-pathways",
            "frames": len(measured.values),
            "frame_shape": list(measured.values.shape[1:]),
            "units": len(found.frame),
            "tracks": int(found.track.max()) + 1,
            "window": window,
            "latents": parameters["latents"],
            "classes": first.learned.net.shape.classes,
            "order": first.order,
            "what": parameters["what"],
            "explained": explained,
            "noise": first.learned.posterior.noise,
            "collapsed": list(first.learned.collapsed),
            "members": [_of_member(each) for each in members],
            "states": _of_states(first.states, found),
            "classical": _of_states(rival, found),
            "path": way,
            "seconds": time.monotonic() - began,
        }
        summary["verdict"] = unit_words.verdict(summary)
        writer.close(summary)
    report("done", 1.0)
    return summary


def _telling(step: Step, member: int, parameters: dict[str, Any]) -> Heard:
    count = parameters["members"]

    def told(epoch: Epoch) -> None:
        share = 0.05 + 0.85 * (member + epoch.share) / count
        nats = ", ".join(f"{each:.1f}" for each in epoch.latents)
        stage = f"learning, network {member + 1} of {count}: latents hold {nats} nats"
        step(stage + ("; some say nothing yet" if epoch.collapsed else ""), share)

    return told


def _write_units(
    writer: store.RunWriter, patches: NDArray[np.float32], found: Found, member: Member
) -> int:
    """The table of units and their pictures; how many the network explains."""
    net, posterior = member.learned.net, member.learned.posterior
    _, angle, _ = posterior.sample(SAMPLES, torch.Generator().manual_seed(0))
    centre, half = arc(angle.double().numpy(), member.order, LEVEL)
    mean = torch.from_numpy(most_likely(posterior.mean, posterior))
    label = torch.from_numpy(most_likely(posterior.label, posterior))
    variance = np.diagonal(most_likely(posterior.covariance, posterior), axis1=1, axis2=2)
    latents = net.shape.latents
    misfit = posterior.misfit.double().numpy()
    usual = np.median(misfit)
    far = usual + 5 * 1.4826 * np.median(np.abs(misfit - usual))
    explained = misfit <= max(UNEXPLAINED, far)
    columns: dict[str, NDArray[Any]] = {
        "frame": found.frame,
        "track": found.track,
        "x": found.place[:, 0],
        "y": found.place[:, 1],
        "angle": np.degrees(centre),
        "arc": np.degrees(half),
        "class": label.numpy(),
        "state": state_of_units(member.states, found),
        "misfit": misfit,
        "explained": explained.astype(np.int64),
    }
    for k in range(latents):
        columns[f"z{k + 1}"] = mean[:, k].double().numpy()
        columns[f"z{k + 1}_sd"] = np.sqrt(variance[:, k]).astype(np.float64)
    writer.table("units", columns)
    with torch.inference_mode():
        canonical = net.decode(mean[:, :latents], label)
        pose = torch.cat([torch.from_numpy(centre).float()[:, None], mean[:, -2:]], dim=1)
        seen = posed(canonical, pose, SIDE)
    trim = (net.shape.canvas - SIDE) // 2
    inside = circle(SIDE).numpy()
    writer.image("patches", patches)
    writer.image("reconstructed", (seen.numpy() * inside).astype(np.float32))
    writer.image("canonical", canonical[:, trim:-trim, trim:-trim].contiguous().numpy() * inside)
    return int(explained.sum())


def _write_path(
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
    values = seen.plane.back(way.places)
    latents = torch.from_numpy(values[:, 2:] if first.turns else values).float()
    turn = np.zeros(len(values))
    if first.turns:
        turn = np.unwrap(np.arctan2(values[:, 1], values[:, 0])) / first.order
    near = ((seen.places[None] - way.places[:, None]) ** 2).sum(2).argmin(axis=1)
    net = first.learned.net
    label = torch.full((len(latents),), first.learned.commonest)
    pose = torch.zeros(len(latents), 3)
    pose[:, 0] = torch.from_numpy(turn)
    with torch.inference_mode():
        strip = posed(net.decode(latents, label), pose, SIDE).numpy()
    writer.image("path", (strip * circle(SIDE).numpy()).astype(np.float32))
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


def _of_states(states: States | None, found: Found) -> dict[str, Any] | None:
    """States as a page shows them; changes by track, as frame numbers from 1."""
    if states is None:
        return None
    tracks = long_tracks(found)
    changes = [
        [int(found.frame[units[at]]) + 1 for at in changed]
        for units, changed in zip(tracks, states.changes, strict=True)
    ]
    return {
        "count": states.count,
        "frames": [
            int(sum((path == s).sum() for path in states.paths)) for s in range(states.count)
        ],
        "changes": [each for each in changes if each],
        "changed": sum(map(len, changes)),
        "tracks": len(tracks),
        "rates": [vars(rate) for rate in states.rates],
    }


def _of_member(member: Member) -> dict[str, Any]:
    states = member.states
    return {
        "states": states.count if states else 0,
        "changed": sum(map(len, states.changes)) if states else 0,
    }


def _provenance(
    source: dict[str, Any], units: str, parameters: dict[str, Any], seed: int, measurement: File
) -> dict[str, Any]:
    return {
        "recipe": "unit-pathways",
        "recipe_version": "1",
        "parameters": parameters,
        "seed": seed,
        "forward_model": "a canonical image turned, moved and seen with noise",
        "noise": {"model": "Gaussian, its level learned from the patches"},
        "units": units,
        "pixel_size_um": None,
        "measurement": {"content_hash": store.content_hash(measurement), **source},
        "libraries": {name: version(name) for name in ("torch", "numpy", "zarr", "scipy")},
    }
