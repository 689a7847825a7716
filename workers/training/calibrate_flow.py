"""Choose a flow's steps, calibrate it on scenes it never saw, and write the model's card.

`python -m workers.training.calibrate_flow --flows DIR --training DIR --calibration DIR --test DIR
--output DIR [--cell 4]`

As `training.calibrate`: everything fitted on `--calibration`, every figure from `--test`. Flows are
`flow2.safetensors`, `flow4.safetensors`, … in `--flows`, their regression is the shipped ensemble's
first member. With `--latent`, `latent4.safetensors` there is the literal latent diffusion model.
"""

import argparse
import hashlib
import itertools
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import torch

from workers.assessment.scores import coverage_of_extremes
from workers.posteriors.flow import FlowModel
from workers.posteriors.posterior import Model
from workers.training.calibrate import SAMPLES, calibrate, crps, digest, specimens, training_log
from workers.training.cards import XRAY, card
from workers.training.registry import load_ensemble, load_flow_weights, load_latent_weights

STEPS = (2, 4, 8)
NOMINAL = coverage_of_extremes(SAMPLES)
JUDGED = 8  # specimens
WORTH = 0.005  # share of the CRPS, or of coverage, that twice the time must gain


def judge(model: Model, cell: int, folder: Path) -> dict[str, float]:
    """How far samples cover less than they should, and their CRPS, on block averages."""
    gaps, scores = [], []
    for s in list(specimens(folder, "binned", cell, 14))[:JUDGED]:
        drawn = s.posterior(model).sample(SAMPLES, torch.Generator().manual_seed(0))
        samples = torch.stack(list(drawn)).numpy()
        inside = (samples.min(0) <= s.truth) & (s.truth <= samples.max(0))
        gaps.append(NOMINAL - float(inside.mean()))
        scores.append(crps(samples, s.truth))
    return {"coverage_gap": float(np.mean(gaps)), "crps": float(np.mean(scores))}


def choose_steps(judged: dict[int, dict[str, float]]) -> int:
    """The fewest steps after which doubling them gains next to nothing."""
    for few, many in itertools.pairwise(STEPS):
        better = judged[few]["crps"] > (1 + WORTH) * judged[many]["crps"]
        covers = abs(judged[few]["coverage_gap"]) > abs(judged[many]["coverage_gap"]) + WORTH
        if not (better or covers):
            return few
    return STEPS[-1]


def calibrated(cell: int, given: argparse.Namespace) -> dict[str, Any]:
    """Everything on the card about one cell size; the weights go beside it."""
    source = f"{'latent' if given.latent else 'flow'}{cell}"
    file = given.output / f"cell{cell}.safetensors"
    shutil.copyfile(given.flows / f"{source}.safetensors", file)
    name, regression = f"cell{cell}", load_ensemble(cell).members[0]
    part: dict[str, Any] = {
        "weights": {file.name: hashlib.sha256(file.read_bytes()).hexdigest()},
        "regression": {file.name: card()["weights"][file.name]},
        "training": {name: training_log(given.flows, source)},
    }
    if given.latent:
        latent = load_latent_weights(file, regression)
        return {**part, **calibrate(latent, cell, given.calibration, given.test)}
    flow = load_flow_weights(file, cell)
    judged = {
        steps: judge(FlowModel(regression, flow, steps), cell, given.calibration) for steps in STEPS
    }
    steps = choose_steps(judged)
    print(f"cell {cell}: {steps} steps of", judged, flush=True)  # noqa: T201  a command's output
    part |= {"steps": {name: steps}}
    part |= {"steps_judged": {name: {str(k): v for k, v in judged.items()}}}
    chosen = FlowModel(regression, flow, steps)
    return {**part, **calibrate(chosen, cell, given.calibration, given.test)}


def finish(given: argparse.Namespace, facts: dict[str, Any]) -> None:
    """One card from the parts of all cell sizes, and what else there is to say of the model."""
    model: dict[str, Any] = {
        "licence": "BSD-3-Clause",
        "trained_on": "synthetic scenes of workers.training.scenes and nothing else; none of them "
        "was seen by the regression whose residuals it learned",
        "regression_model": XRAY,
        **facts,
    }
    for file in sorted(given.output.glob("part*.json")):
        for key, value in json.loads(file.read_text()).items():
            model.setdefault(key, {}).update(value)
    model["scenes"] = {
        name: {"count": len(list(folder.glob("*.npz"))), "sha256": digest(folder)}
        for name, folder in (
            ("training", given.training),
            ("calibration", given.calibration),
            ("test", given.test),
        )
    }
    (given.output / "card.json").write_text(json.dumps(model, indent=1) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("flows", "training", "calibration", "test", "output"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--cell", type=int, help="only this cell size; without it, finish the card")
    parser.add_argument("--latent", action="store_true", help="the literal latent diffusion model")
    given = parser.parse_args()
    given.output.mkdir(parents=True, exist_ok=True)
    if given.cell is None:
        finish(given, {"seeds": "1000 · cell + seed; see the lines of the training"})
    else:
        part = calibrated(given.cell, given)
        (given.output / f"part{given.cell}.json").write_text(json.dumps(part, indent=1) + "\n")


if __name__ == "__main__":
    main()
