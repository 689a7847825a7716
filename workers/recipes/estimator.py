"""Who draws the samples of an X-ray map, and the part of that work that tiles can share."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from workers import store
from workers.measurement import Measurement
from workers.posteriors.posterior import Model, TiledModel, ready
from workers.posteriors.shelf import FolderShelf
from workers.recipes.problem import Problem, problem_of
from workers.run import RunError, Stopped

Step = Callable[[str, float], None]


@dataclass(frozen=True)
class Loaded:
    """A model ready for one problem, and what the summary says of that, each with a sentence."""

    model: Model
    told: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Estimator:
    """Who draws the samples: the recipe that asks for it, its model's name, the model itself."""

    recipe: str
    model: str
    stage: str  # what happens before the estimate is there, in words
    share: float  # of the whole time that this takes, for the time left
    load: Callable[[Problem, dict[str, Any]], Loaded]  # for a problem and the parameters of a run


def tile_of(
    estimator: Estimator,
    n: int,
    measurement: Path,
    kept: Path,
    parameters: dict[str, Any],
    *,
    seed: int,
    report: Step,
    should_stop: Callable[[], bool],
) -> None:
    """Ask the networks about tile `n` alone and leave in the folder `kept` what they say.

    `recipes.xray.answer` reads it there instead of asking again. Raises Stopped and RunError as it
    does.
    """

    def progress(share: float) -> None:
        if should_stop():
            raise Stopped
        report(estimator.stage, share)

    progress(0.0)
    problem = problem_of(store.read_measurement(measurement, Measurement), parameters)
    model = estimator.load(problem, parameters).model
    if not isinstance(model, TiledModel):
        raise RunError("This estimator needs the whole map at once: queue the run again.")
    values, mask, forward, noise = problem.asked
    # The first, of seed 0, is what the spread of the samples is measured with.
    draws = [(0, 0), *((seed, k) for k in range(parameters["samples"]))]
    y, factors = ready(values, mask, forward, noise)
    model.work_tile(n, y, forward, factors, draws, FolderShelf(kept), progress)
