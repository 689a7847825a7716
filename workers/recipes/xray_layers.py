"""The numerics of `xray-variational`, declared in `recipes.xray_variational`."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from workers.recipes.estimator import Estimator, Loaded, Step
from workers.recipes.problem import Problem
from workers.recipes.xray import answer
from workers.training.cards import DROPOUT, VARIATIONAL
from workers.training.registry import load_variational


def _low_rank(problem: Problem, parameters: dict[str, Any]) -> Loaded:
    return Loaded(load_variational(problem.cell, VARIATIONAL))


def _dropout(problem: Problem, parameters: dict[str, Any]) -> Loaded:
    return Loaded(load_variational(problem.cell, DROPOUT))


STAGE = "asking the network for its features"
ESTIMATORS = {
    "variational": Estimator("xray-variational", VARIATIONAL, STAGE, 0.15, _low_rank),
    "dropout": Estimator("xray-variational", DROPOUT, STAGE, 0.15, _dropout),
}


def run(
    measurement: Path,
    output: Path,
    parameters: dict[str, Any],
    *,
    seed: int,
    report: Step,
    should_stop: Callable[[], bool],
) -> dict[str, Any]:
    """Carry out `xray-variational`; as `recipes.xray.answer`."""
    return answer(
        ESTIMATORS[parameters["estimator"]],
        measurement,
        output,
        parameters,
        seed=seed,
        report=report,
        should_stop=should_stop,
    )
