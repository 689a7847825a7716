"""The numerics of `teach`, declared in `recipes.teach`."""

import json
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from workers import store
from workers.measurement import Measurement
from workers.recipes.teach import CARD, CURVE, RECIPE
from workers.run import RunError, Stopped
from workers.training.teach import (
    Counts,
    Step,
    TeachingError,
    counts_in,
    lesson,
    verdict,
    weights_name,
)


def run(
    measurement: Path,
    output: Path,
    parameters: dict[str, Any],
    *,
    seed: int,
    report: Step,
    should_stop: Callable[[], bool],
) -> dict[str, Any]:
    """Teach with `measurement`, judge by the store `parameters["judge"]`; the summary is the card.

    The store holds the curve, the card and, if they were accepted, the weights. Raises Stopped
    when told to stop and RunError for maps that cannot be taught or judged with.
    """
    began, judge, factor = time.monotonic(), Path(parameters["judge"]), parameters["scale"]

    def step(stage: str, fraction: float) -> None:
        if should_stop():
            raise Stopped
        report(stage, fraction)

    step("reading both maps", 0.0)
    if not judge.exists():
        raise RunError("The map to judge by is no longer in the store; choose another one.")
    whole = store.read_measurement(measurement, Measurement)
    try:
        on = counts_in(whole, "The map to teach with", factor)
        other = counts_in(store.read_measurement(judge, Measurement), "The map to judge by", factor)
        with store.RunWriter(
            output,
            channels=whole.channels,
            measured_shape=whole.mask.shape,
            shape=whole.mask.shape,
            samples=0,
            provenance=_provenance(measurement, judge, parameters, seed),
        ) as writer:
            writer.line(CURVE, "step,loss")
            card = _teach(writer, on, other, parameters, seed, step)
            summary = {
                "recipe": RECIPE.name,
                "channels": list(whole.channels),
                "card": card,
                "verdict": verdict(card).split("\n"),
                "seconds": time.monotonic() - began,
            }
            writer.close(summary)
    except TeachingError as wrong:
        raise RunError(str(wrong)) from wrong
    return summary


def _teach(
    writer: store.RunWriter,
    on: Counts,
    judge: Counts,
    parameters: dict[str, Any],
    seed: int,
    step: Step,
) -> dict[str, Any]:
    """Write what comes of it; returns the card."""
    found = lesson(
        on,
        judge,
        parameters["scale"],
        seed=seed,
        steps=parameters["steps"],
        step=step,
        learned=lambda number, loss: writer.line(CURVE, f"{number},{loss:.6g}"),
    )
    if found.weights is not None:
        writer.file(weights_name(parameters["scale"]), found.weights)
    writer.file(CARD, json.dumps(found.card, indent=1).encode())
    return found.card


def _provenance(
    measurement: Path, judge: Path, parameters: dict[str, Any], seed: int
) -> dict[str, Any]:
    judged_by = store.content_hash(judge)
    return {
        "recipe": RECIPE.name,
        "recipe_version": RECIPE.version,
        "parameters": {**parameters, "judge": judged_by},
        "seed": seed,
        "measurement": {"content_hash": store.content_hash(measurement)},
        "judge": {"content_hash": judged_by},
        "libraries": {name: version(name) for name in ("torch", "numpy")},
    }
