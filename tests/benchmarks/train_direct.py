"""Train the direct rival of the diffusion benchmark, choose its steps and write its card.

`python -m tests.benchmarks.train_direct --scenes DIR --choosing DIR`

The committed weights were made on one CPU core by

    python -m workers.training.scenes --count 320 --seed 1 --output DIR
    python -m workers.training.scenes --count 107 --seed 1 --textures-only --output DIR
    python -m workers.training.scenes --count 24 --seed 2 --output CHOOSING
    python -m tests.benchmarks.train_direct --scenes DIR --choosing CHOOSING

The first two sets train, the third only chooses how many steps a sample takes; the benchmark's
scenes have seeds of their own. Only the operator of the benchmark is practised, block averages,
at the doses of every other training.
"""

import argparse
import hashlib
import json
from pathlib import Path
from time import process_time

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor

from tests.benchmarks.direct import CARD, CELL, WEIGHTS, DirectNet, direct_model, to_cells
from workers.posteriors.cells import prepare
from workers.posteriors.flow import LARGEST
from workers.posteriors.latent import fine_scale
from workers.training.calibrate import digest
from workers.training.calibrate_flow import judge
from workers.training.descent import descend, on_device, square_weights
from workers.training.distributed import Shown, part_of
from workers.training.train import Scenes, batch, measure
from workers.training.train_flow import precision, velocity_error

# At 0.20 s of a core each: half of what the null-space flow's velocity took, 9000 steps of 0.10 s.
STEPS = 2500
RATES = (2e-3, 2e-5)
SEED = 0
SAMPLING_STEPS = (4, 8, 16)


def direct_loss(net: DirectNet, truth: Tensor, generator: torch.Generator) -> Tensor:
    """Mean squared error of the velocity of locally scaled pixels."""
    forward, y = measure(truth, "binned", CELL, generator)
    cells = prepare(y, forward, torch.ones(1, 1, 1, 1).to(truth))
    scale = fine_scale(y.flatten(0, 1), CELL)
    target = to_cells(truth.flatten(0, 1), scale).clamp(-LARGEST, LARGEST)
    with precision(truth):
        shaped = target.reshape(*truth.shape[:2], *target.shape[1:])
        given, whole = net.given(cells), part_of(len(truth))
        return velocity_error(net.flow, shaped, given, whole, generator).mean()


def train_direct(steps: int, scenes: Scenes, output: Path) -> None:
    """Train encoder and flow as one and write their averaged weights, half precision."""
    torch.manual_seed(1000 * CELL + SEED)
    net = DirectNet()

    def loss(rng: np.random.Generator, generator: torch.Generator) -> tuple[Tensor, Shown]:
        truth, _ = batch(scenes, rng, CELL)
        value = direct_loss(net, on_device(truth), generator)
        return value, {"velocity": value.item()}

    square = [weight for part in (net.encoder, net.flow) for _, weight in square_weights(part)]
    limits = [(list(net.parameters()), 1.0)]
    checkpoint = output.with_suffix(".checkpoint")
    save_file(descend(net, square, loss, limits, steps, RATES, (CELL, SEED), checkpoint), output)
    checkpoint.unlink()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenes", type=Path, required=True)
    parser.add_argument("--choosing", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--output", type=Path, default=WEIGHTS)
    given = parser.parse_args()
    began = process_time()
    train_direct(given.steps, Scenes(given.scenes), given.output)
    seconds = process_time() - began

    def judged(steps: int, settled: bool = True) -> dict[str, float]:
        return judge(direct_model(given.output, steps, settled), CELL, given.choosing)

    found = {steps: judged(steps) for steps in SAMPLING_STEPS}
    chosen = min(found, key=lambda steps: found[steps]["crps"])
    card = {
        "trained_on": "synthetic scenes of workers.training.scenes, block averages only",
        "training": {"seed": [CELL, SEED], "steps": given.steps, "cpu_seconds": round(seconds)},
        "scenes": {
            name: {"count": len(list(folder.glob("*.npz"))), "sha256": digest(folder)}
            for name, folder in (("training", given.scenes), ("choosing", given.choosing))
        },
        "steps": chosen,
        "steps_judged": found,
        "before_the_consistency_layer": judged(chosen, settled=False),
        "sha256": hashlib.sha256(given.output.read_bytes()).hexdigest(),
    }
    given.output.with_suffix(CARD.suffix).write_text(json.dumps(card, indent=1) + "\n")


if __name__ == "__main__":
    main()
