"""The numerics of `xray-diffusion`, declared in `recipes.xray_diffusion`."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import torch

from workers.posteriors.flow import DisagreementError, FlowModel
from workers.posteriors.guided.gate import Guidance, guided
from workers.recipes import words
from workers.recipes.estimator import Estimator, Loaded, Step, tile_of
from workers.recipes.problem import Problem
from workers.recipes.xray import answer
from workers.run import RunError
from workers.training.cards import FLOW, LATENT
from workers.training.registry import (
    ModelError,
    load_flow,
    load_guide,
    load_latent,
    load_taught,
)


def _flow(problem: Problem, parameters: dict[str, Any]) -> Loaded:
    flow = load_flow(problem.cell)
    if not parameters["guide"]:
        return Loaded(flow)
    found = guided(
        flow,
        load_guide(problem.cell),
        _guide_on_the_fine_grid(problem),
        torch.from_numpy(problem.measurement.values),
        problem.forward,
        torch.from_numpy(problem.factors),
    )
    return Loaded(found.model, {"guide": told(found, problem)})


def _guide_on_the_fine_grid(problem: Problem) -> torch.Tensor:
    """The electron image of the measurement, averaged to the grid of the estimate, `(H, W)`."""
    guide, factor = problem.measurement.guide, problem.factor
    rows = 0 if guide is None else len(guide) // len(problem.measurement.mask)
    if guide is None or rows % factor:
        raise RunError(
            f"The electron image of this measurement is not as fine as an estimate at ×{factor}, "
            "so it cannot guide it: run without the guide, or upload a finer image."
        )
    step = rows // factor
    h, w = (side // step for side in guide.shape)
    return torch.from_numpy(guide.reshape(h, step, w, step).mean(axis=(1, 3)))


def told(found: Guidance, problem: Problem) -> dict[str, Any]:
    """What a run says of its guide: figures per reported element, and a sentence."""
    gains = {
        el: found.trial.gain_db[i] for el, i in zip(problem.channels, problem.shown, strict=True)
    }
    trusted = [
        el for el, i in zip(problem.channels, problem.shown, strict=True) if found.trial.trusted[i]
    ]
    return {
        "used_for": trusted,
        "gain_db_one_level_coarser": gains,
        "displacement_px": found.registration.size,
        "displacement_uncertainty_px": found.uncertainty,
        "explained_before": found.registration.explained_before,
        "explained": found.registration.explained,
        "sentence": words.guide(trusted, gains, found.registration.size, found.uncertainty),
    }


def _taught(network: dict[str, str], problem: Problem, parameters: dict[str, Any]) -> Loaded:
    """The flow that ships with the regression that a lab taught."""
    flow = load_flow(problem.cell)
    try:
        regression = load_taught(Path(network["file"]), network["sha256"], problem.cell)
    except ModelError as wrong:
        raise RunError(f"{wrong} Run with the network that ships, and tell an operator.") from wrong
    known = _named(network)
    return Loaded(
        FlowModel(regression, flow.flow, flow.steps),
        {"network": {**known, "sentence": words.taught(network["name"])}},
    )


def _named(network: dict[str, str]) -> dict[str, str]:
    """A taught network as a run remembers it: not where its file lay."""
    return {name: network[name] for name in ("name", "sha256")}


def _latent(problem: Problem, parameters: dict[str, Any]) -> Loaded:
    return Loaded(load_latent(problem.cell))


ESTIMATORS = {
    "flow": Estimator("xray-diffusion", FLOW, "predicting the estimate", 0.05, _flow),
    "latent": Estimator("xray-diffusion", LATENT, "predicting the estimate", 0.05, _latent),
}


def run(
    measurement: Path,
    output: Path,
    parameters: dict[str, Any],
    *,
    seed: int,
    report: Step,
    should_stop: Callable[[], bool],
    kept: Path | None = None,
) -> dict[str, Any]:
    """Carry out `xray-diffusion`; as `recipes.xray.answer`."""
    estimator = _asked(parameters)
    if network := parameters.get("network"):
        parameters = parameters | {"network": _named(network)}
    try:
        return answer(
            estimator,
            measurement,
            output,
            parameters,
            seed=seed,
            report=report,
            should_stop=should_stop,
            kept=kept,
        )
    except DisagreementError as disagreement:
        raise RunError(str(disagreement)) from disagreement


def tile(n: int, measurement: Path, kept: Path, parameters: dict[str, Any], **how: Any) -> None:
    """Tile `n` of `xray-diffusion`; as `recipes.estimator.tile_of`."""
    tile_of(_asked(parameters), n, measurement, kept, parameters, **how)


def _asked(parameters: dict[str, Any]) -> Estimator:
    """Who draws the samples, with the network of a lab if one is named."""
    estimator = ESTIMATORS[parameters["estimator"]]
    network = parameters.get("network")
    return replace(estimator, load=partial(_taught, network)) if network else estimator
