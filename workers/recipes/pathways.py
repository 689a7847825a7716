"""The numerics of `unit-pathways`: from frames to states of units, rates and pathways."""

import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path as File
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from workers import store
from workers.assessment.units.descriptor import describe
from workers.assessment.units.finding import Found, cut, find
from workers.assessment.units.meanings import of_latents
from workers.assessment.units.neighbours import around
from workers.assessment.units.symmetry import arc, order
from workers.measurement import Measurement
from workers.physics.counting import evened
from workers.physics.pose import circle, posed
from workers.posteriors.units.learning import Epoch, Heard
from workers.recipes import unit_words
from workers.recipes.unit_members import (
    SAMPLES,
    Member,
    follow,
    learn_units,
    most_likely,
    most_usual,
    together,
)
from workers.recipes.unit_states import as_told, classical_states, state_of_units
from workers.recipes.unit_ways import write_way
from workers.recipes.units import SIDE
from workers.run import Report, RunError, ShouldStop, Stopped

LEAST_UNITS = 20
LEVEL = 0.9
UNEXPLAINED = 1.4  # χ² per pixel, and so far from the others: five robust standard deviations
_NOISE = {
    False: "Gaussian, its level learned from the patches",
    True: "Poisson, made even by Anscombe's square root; its level learned from the patches",
}
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
    measured = store.read_measurement(measurement, Measurement)
    frames = measured.values
    if parameters["counts"]:
        if frames.min() < 0:
            raise RunError(unit_words.NO_COUNTS)
        frames = evened(frames)
    window = float(parameters["window"])
    found = find(frames, parameters["what"], window)
    if len(found.frame) < LEAST_UNITS:
        raise RunError(unit_words.too_few(len(found.frame), LEAST_UNITS, parameters["what"]))
    patches = cut(frames, found, window, SIDE)
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
        shown = _table(found, members, first, parameters["what"])
        explained = int(shown["explained"].sum())
        writer.table("units", shown)
        _write_pictures(writer, patches, shown, first)
        meanings = of_latents(shown, patches, first.learned.net.shape.latents, seed)
        step("finding the pathway", 0.95)
        way = write_way(writer, first, members, found, patches, seed)
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
            "meanings": meanings,
            "states": as_told(first.states, found),
            "classical": as_told(rival, found),
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


def _table(
    found: Found, members: Sequence[Member], member: Member, what: str
) -> dict[str, NDArray[Any]]:
    """A row for each unit, as `member` sees it; latents are as uncertain as members differ."""
    posterior = member.learned.posterior
    _, angle, _ = posterior.sample(SAMPLES, torch.Generator().manual_seed(0))
    centre, half = arc(angle.double().numpy(), member.order, LEVEL)
    misfit = posterior.misfit.double().numpy()
    usual = np.median(misfit)
    far = usual + 5 * 1.4826 * np.median(np.abs(misfit - usual))
    columns: dict[str, NDArray[Any]] = {
        "frame": found.frame,
        "track": found.track,
        "x": found.place[:, 0],
        "y": found.place[:, 1],
        "angle": np.degrees(centre),
        "arc": np.degrees(half),
        "class": most_likely(posterior.label, posterior),
        "state": state_of_units(member.states, found),
        "misfit": misfit,
        "explained": (misfit <= max(UNEXPLAINED, far)).astype(np.int64),
    }
    mean, spread = together(members, member)
    for k in range(mean.shape[1]):
        columns[f"z{k + 1}"], columns[f"z{k + 1}_sd"] = mean[:, k], spread[:, k]
    return columns | (around(found) if what == "columns" else {})


def _write_pictures(
    writer: store.RunWriter,
    patches: NDArray[np.float32],
    shown: dict[str, NDArray[Any]],
    member: Member,
) -> None:
    """Of each unit its patch, decoded in its pose, and turned upright."""
    net, posterior = member.learned.net, member.learned.posterior
    mean = torch.from_numpy(most_likely(posterior.mean, posterior))
    angle = torch.from_numpy(np.radians(shown["angle"])).float()
    with torch.inference_mode():
        canonical = net.decode(mean[:, : net.shape.latents], torch.from_numpy(shown["class"]))
        seen = posed(canonical, torch.cat([angle[:, None], mean[:, -2:]], dim=1), SIDE)
    trim = (net.shape.canvas - SIDE) // 2
    inside = circle(SIDE).numpy()
    writer.image("patches", patches)
    writer.image("reconstructed", (seen.numpy() * inside).astype(np.float32))
    writer.image("canonical", canonical[:, trim:-trim, trim:-trim].contiguous().numpy() * inside)


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
        "noise": {"model": _NOISE[parameters["counts"]]},
        "units": units,
        "pixel_size_um": None,
        "measurement": {"content_hash": store.content_hash(measurement), **source},
        "libraries": {name: version(name) for name in ("torch", "numpy", "zarr", "scipy")},
    }
