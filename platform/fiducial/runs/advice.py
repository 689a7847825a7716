"""What a person should know before they queue a run: its cost, and the fairer use of beam time."""

from dataclasses import dataclass
from typing import Any

from fiducial.accounts.models import User
from fiducial.errors import Refused
from fiducial.measurements.models import Measurement
from fiducial.plans import measured
from workers.recipes.catalogue import Recipe

from . import admission, beside, queries, reasons, words
from .allotments import quota
from .estimates import UNKNOWN_SPREAD, by_recipe
from .models import Run
from .queries import Queue
from .turns import Waiting

SHARES = {2: "a quarter", 4: "a sixteenth"}


@dataclass(frozen=True)
class Cost:
    """What a run will take, in words."""

    time: str
    basis: str  # what the time is judged by
    memory: str  # at its peak; empty where its recipe does not say
    wait: str  # where it would stand
    quota: str  # what its lab has left
    refusal: str  # why it would not be queued; empty when it would


def cost(
    recipe: Recipe, parameters: dict[str, Any], measurement: Measurement, *, lane: str, by: User
) -> Cost:
    """Estimate a run with cleaned parameters: by the recipe, corrected by what past runs took."""
    seconds, memory = by_recipe(recipe, parameters, beside.known(recipe, measurement))
    lab = measurement.project.lab
    refusal = ""
    try:
        lane = admission.lane(lane, seconds, lab)
        admission.admit(seconds, lab, by)
    except Refused as refused:
        refusal = str(refused)
    joining = Waiting(None, 0, lab.pk, by.pk, lane or Run.Lane.BATCH, seconds, memory)
    queue = queries.read_queue(joining)
    low, high = queue.history.spread(recipe.name, seconds)
    if (low, high) == UNKNOWN_SPREAD:
        time, basis = f"about {words.duration(seconds)}", "An estimate for two CPU cores."
    else:
        time, basis = words.span(seconds * low, seconds * high), "Judged by past runs here."
    room = f"It needs about {words.size(memory)} of memory." if memory else ""
    return Cost(time, basis, room, _wait(joining, queue), quota(lab).words, refusal)


def _wait(joining: Waiting, queue: Queue) -> str:
    """Where the run would stand."""
    if not queue.alive:
        return "No worker is running just now: the run would wait until an operator starts one."
    if never := reasons.no_worker_for(joining.lane, joining.memory, queue.alive):
        return never
    if None in queue.caps:
        return reasons.capped(queue.caps[None])
    place = queue.places[None]
    if place == 1:
        return f"It would be next in the lane “{joining.lane}”."
    if len(queue.places) == 1:
        return "Nothing else waits."
    return f"It would have place {place} in the lane “{joining.lane}”. " + reasons.behind(
        place, joining.lab, queue.standing
    )


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
