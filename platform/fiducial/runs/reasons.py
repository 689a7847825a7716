"""Why a run waits, in words."""

from collections.abc import Sequence

from django.conf import settings

from . import words
from .models import Run, Worker
from .turns import Cap, Standing

NO_WORKER = (
    "No worker is running just now. The run keeps its place; an operator has to start a worker."
)
MUCH = 1.5  # times the even part of recent computing, from which on a lab is told so


def no_worker_for(lane: str, memory: int, alive: Sequence[Worker]) -> str:
    """Why none of the workers that live could ever take a run; empty when one could."""
    if not alive:
        return NO_WORKER
    serving = [worker for worker in alive if lane in worker.lanes]
    if not serving:
        return f"No worker serves the lane “{lane}” just now; an operator has to start one."
    sizes = [worker.memory for worker in serving]
    if memory and all(sizes) and memory > max(sizes):
        return (
            f"It needs about {words.size(memory)} of memory, and the largest worker of its lane "
            f"has {words.size(max(sizes))}. Cancel it and run it with fewer elements, fewer "
            "samples or a smaller factor."
        )
    if all(worker.order != Worker.Order.SERVE for worker in serving):
        return "An operator has paused the workers of its lane; the run keeps its place."
    return ""


def capped(cap: Cap) -> str:
    """Which cap keeps a run from starting."""
    if cap is Cap.USER:
        count, whose = settings.RUNNING_PER_USER, "a person"
    else:
        count, whose = settings.RUNNING_PER_LAB, "a lab"
    runs = "running run" if count == 1 else "running runs"
    return f"The cap of {count} {runs} for {whose} is reached; it starts when one of them ends."


def behind(place: int, lab: int, standing: Standing) -> str:
    """What is before a run, and by which rule."""
    before = "One run is" if place == 2 else f"{place - 1} runs are"
    part = standing.part(lab)
    labs = [one for one, used in standing.use.items() if used > 0] or [lab]
    even = standing.share.get(lab, 1.0) / sum(standing.share.get(one, 1.0) for one in labs)
    if len(labs) > 1 and part > MUCH * even:
        return (
            f"{before} before it; its lab used {100 * part:.0f} % of the computing "
            f"{_lately()}, so others are served first."
        )
    return f"{before} before it; labs take turns, whoever used least {_lately()} first."


def next_in_turn(workers: int, busy: int, memory: int) -> str:
    """Why the first run in line has not started."""
    if busy < workers:
        once = f" once it has {words.size(memory)} of memory free" if memory else ""
        return f"Next in turn; a worker is picking it up{once}."
    return (
        f"Next in turn; {'the worker is' if workers == 1 else f'all {workers} workers are'} busy."
    )


def again(run: Run) -> str:
    """That a worker was lost before, if it was."""
    if not run.attempt:
        return ""
    return f"Worker lost, retrying ({run.attempt + 1} of {settings.RUN_MAX_ATTEMPTS}). "


def _lately() -> str:
    days = settings.SHARE_HALF_LIFE_SECONDS / 86400
    return "in the last day" if days == 1 else f"in the last {words.duration(86400 * days)}"
