"""The numerics of `xray-diffusion`, declared in `recipes.xray_diffusion`."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from workers.posteriors.flow import DisagreementError
from workers.recipes.xray import Estimator, Step, answer
from workers.run import RunError
from workers.training.cards import FLOW, LATENT
from workers.training.registry import load_flow, load_latent

ESTIMATORS = {
    "flow": Estimator("xray-diffusion", FLOW, "predicting the estimate", 0.05, load_flow),
    "latent": Estimator("xray-diffusion", LATENT, "predicting the estimate", 0.05, load_latent),
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
    """Carry out `xray-diffusion`; as `recipes.xray.answer`."""
    try:
        return answer(
            ESTIMATORS[parameters["estimator"]],
            measurement,
            output,
            parameters,
            seed=seed,
            report=report,
            should_stop=should_stop,
        )
    except DisagreementError as disagreement:
        raise RunError(str(disagreement)) from disagreement
