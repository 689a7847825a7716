"""Choose a distribution of last layers, calibrate it on scenes it never saw, write its card.

`python -m workers.training.calibrate_variational --fitted DIR --family low-rank|dropout
--training DIR --calibration DIR --test DIR --output DIR [--cell 4]`

As `training.calibrate_flow`: chosen and fitted on `--calibration`, every figure from `--test`.
`--fitted` is what `training.train_variational` wrote.
"""

import argparse
import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from workers.posteriors.cells import cell_basis
from workers.posteriors.residual import fit_kernel
from workers.posteriors.variational import DRAWS, VariationalModel
from workers.training.calibrate import Specimen, calibrate, specimens, tasks
from workers.training.calibrate_flow import WORTH, finish, judge
from workers.training.cards import card
from workers.training.registry import load_ensemble, load_variational_weights
from workers.training.train_variational import PER_SCENE, RANK, RATES

# From the widest distribution to the narrowest; what each candidate's file is called.
CANDIDATES: dict[str, dict[float, str]] = {
    "low-rank": {each: f"low-rank-{each}" for each in PER_SCENE},
    "dropout": {rate: f"dropout-{rate}" for rate in reversed(RATES)},
}
LEAST_LEFT = 0.1  # share of the variance that is never left to the weights alone


@torch.inference_mode()
def residual_kernel(model: VariationalModel, found: list[Specimen]) -> Tensor:
    """Kernel of what is left of held-out residuals once the weights have had their share.

    Residuals about the estimate hold both what the weights do not know and what the measurement
    leaves open. Samples draw the first with the weights; drawn again it would count twice.
    """
    whitened, shares = [], []
    generator = torch.Generator().manual_seed(0)
    for s in found:
        kept = model.keep(torch.from_numpy(s.y), s.forward, torch.ones(len(s.y)))
        drawn = [kept.predict(model.weights.draw(generator)) for _ in range(DRAWS)]
        means, sigmas = (torch.stack(each) for each in zip(*drawn, strict=True))
        sigma = sigmas.square().mean(0).sqrt()
        target = cell_basis(s.forward).to_coefficients(torch.from_numpy(s.truth))
        centre, _ = kept.predict(model.weights.centre)
        # Beyond six sigma a residual says that the spread was wrong, not how it is correlated.
        whitened += list(((target - centre) / sigma).clamp(-6, 6))
        shares.append((means.var(0) / sigma.square()).clamp(max=36).mean(dim=(0, 2, 3)))
    total = torch.stack([each.square().mean(dim=(1, 2)) for each in whitened]).mean(0)
    left = (1 - torch.stack(shares).mean(0) / total).clamp(min=LEAST_LEFT)
    return fit_kernel(whitened).float() * left.sqrt()[:, None, None, None]


def with_kernels(
    model: VariationalModel, names: list[tuple[str, int]], folder: Path
) -> VariationalModel:
    """The same model with the residual kernels of these operators and factors."""
    kernels = {
        name: residual_kernel(model, list(specimens(folder, name, factor, 11)))
        for name, factor in names
    }
    return replace(model, residuals=kernels)


def choose(judged: dict[float, dict[str, float]]) -> float:
    """The widest distribution whose score is as good as the best, or next to it.

    `judged` runs from the widest to the narrowest. Where specimens like those of the training
    cannot tell, the wider one is right more often on others.
    """
    best = min(each["crps"] for each in judged.values())
    return next(name for name, each in judged.items() if each["crps"] <= (1 + WORTH) * best)


def judged(given: argparse.Namespace, cell: int, name: str) -> dict[str, float]:
    """Coverage and CRPS of a candidate's samples on calibration scenes (`calibrate_flow.judge`)."""
    model = with_kernels(_fitted(given, cell, name), [("binned", cell)], given.calibration)
    figures = judge(model, cell, given.calibration)
    print(f"cell {cell}: {name}", figures, flush=True)  # noqa: T201  a command's output
    return figures


def _fitted(given: argparse.Namespace, cell: int, name: str) -> VariationalModel:
    file = given.fitted / f"cell{cell}-{name}.safetensors"
    return load_variational_weights(file, load_ensemble(cell).members[0])


def calibrated(cell: int, given: argparse.Namespace) -> dict[str, Any]:
    """Everything on the card about one cell size; the weights go beside it."""
    names = CANDIDATES[given.family]
    found = {key: judged(given, cell, name) for key, name in names.items()}
    chosen = choose(found)
    model = with_kernels(_fitted(given, cell, names[chosen]), tasks(cell), given.calibration)
    tensors = load_file(given.fitted / f"cell{cell}-{names[chosen]}.safetensors")
    kernels = {f"residual.{k}": v.half() for k, v in model.residuals.items()}
    file = given.output / f"cell{cell}.safetensors"
    save_file({**tensors, **kernels}, file)
    part: dict[str, Any] = {
        "weights": {file.name: hashlib.sha256(file.read_bytes()).hexdigest()},
        "regression": {file.name: card()["weights"][file.name]},
        "chosen": {f"cell{cell}": chosen},
        "judged": {f"cell{cell}": {str(key): figures for key, figures in found.items()}},
    }
    if given.family == "low-rank":
        part["mean_field"] = {f"cell{cell}": judged(given, cell, f"mean-field-{chosen}")}
    return {**part, **calibrate(model, cell, given.calibration, given.test)}


FACTS = {
    "low-rank": {
        "family": f"low-rank Gaussian over the last layers, rank {RANK}",
        "chosen_is": "how many independent cells a scene counts as",
    },
    "dropout": {
        "family": "dropout of the features before the last layers; these were fitted with it, the "
        "rest of the network was not",
        "chosen_is": "share of features that are silent",
    },
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("fitted", "training", "calibration", "test", "output"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--family", choices=sorted(CANDIDATES), required=True)
    parser.add_argument("--cell", type=int, help="only this cell size; without it, finish the card")
    given = parser.parse_args()
    given.output.mkdir(parents=True, exist_ok=True)
    if given.cell is None:
        finish(given, FACTS[given.family])
    else:
        part = calibrated(given.cell, given)
        (given.output / f"part{given.cell}.json").write_text(json.dumps(part, indent=1) + "\n")


if __name__ == "__main__":
    main()
