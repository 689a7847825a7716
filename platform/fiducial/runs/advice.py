"""What a person should know before they queue a run: its cost, and the fairer use of beam time."""

from dataclasses import dataclass
from typing import Any

from fiducial.measurements.models import Measurement
from fiducial.plans import measured
from workers.recipes.catalogue import Recipe

from . import queries, words

SHARES = {2: "a quarter", 4: "a sixteenth"}


@dataclass(frozen=True)
class Cost:
    """What a run will take, in words."""

    time: str
    basis: str  # what the time is judged by
    wait: str


def cost(recipe: Recipe, parameters: dict[str, Any], measurement: Measurement) -> Cost:
    """Estimate a run with cleaned parameters: by the recipe, corrected by what past runs took."""
    seconds = recipe.cost(parameters, measurement.summary)
    low, high = queries.spread(recipe.name)
    if (low, high) == queries.UNKNOWN_SPREAD:
        time, basis = f"about {words.duration(seconds)}", "An estimate for two CPU cores."
    else:
        time, basis = words.span(seconds * low, seconds * high), "Judged by past runs here."
    return Cost(time, basis, _wait())


def _wait() -> str:
    waiting = len(queries.read_queue().places)
    if not queries.alive_workers():
        return "No worker is running just now: the run would wait until an operator starts one."
    if not waiting:
        return "Nothing else waits."
    return f"{waiting} {'run waits' if waiting == 1 else 'runs wait'} already; labs take turns."


def equal_time(parameters: dict[str, Any]) -> str:
    """What the same beam time would have given otherwise; empty where the question is not posed."""
    factor = parameters.get("factor")
    if factor == 1:
        return (
            "Good plan: for the same beam time, a fine map of short dwell carries more than a "
            "coarse one."
        )
    if factor is None:
        return ""
    points = factor**2
    plan = {plan.share: plan for plan in measured.pairs()}.get(SHARES.get(factor, ""))
    figures = (
        f" On a meteorite map, at {plan.share} of the beam time, it reached {plan.fine_plain:.1f} "
        f"dB denoised by hand-made means, where the coarse map enlarged reached "
        f"{plan.coarse_plain:.1f} dB."
        if plan
        else ""
    )
    return (
        f"If you can still choose: a fine map with 1/{points} of the dwell takes the same beam "
        f"time and carries more.{figures} A coarse map is right for archives, at the shortest "
        "dwell the instrument allows, and where moving the stage takes most of the time."
    )
