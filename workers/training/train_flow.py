"""Train the null-space flow on what a shipped regression leaves out of synthetic minerals.

`python -m workers.training.train_flow --cell 4 --seed 0 --steps 9000 --rates 2e-3 2e-5
--scenes DIR --output FILE [--start FILE --score]`

The regression is the first member of the shipped ensemble, as it is. `--scenes` must be scenes it
was *not* trained on: only its out-of-fold residuals are as wide as those on a new specimen
(ReMatch 2026). Operators, doses, crops and elements are drawn as for the regression.

First it learns a velocity; few steps along it lose a part of the spread. So training ends with
`--score`: whole samples of `FEW_STEPS` steps are compared with the truth by a proper score (Lang
2024), which is best where their spread is right.
"""

import argparse
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from workers.networks.cellnet import CellNet
from workers.networks.flownet import FlowNet, integrate
from workers.physics import LinearForwardModel
from workers.posteriors.cells import Cells, Seen, cell_basis, prepare, see
from workers.training.descent import descend, has_bfloat16, on_device, square_weights
from workers.training.distributed import Part, Shown, is_first, part_of, processes
from workers.training.registry import load_ensemble
from workers.training.train import MAPS_PER_STEP, Scenes, batch, measure, operator_for

FEW_STEPS = 2
LARGEST = 5.0  # whitened; beyond it a residual says that sigma was wrong, not what is imagined


@dataclass(frozen=True)
class Task:
    """A part of a simulated batch as the regression sees it, `(b, e, cell², h, w)` if not said."""

    forward: LinearForwardModel
    cells: Cells
    seen: Seen
    sigma: Tensor  # of every coefficient, in units of `cells.unit`
    truth: Tensor  # (b, e, H, W)
    part: Part

    @property
    def residual(self) -> Tensor:
        """What the regression leaves out, over its own sigma."""
        target = cell_basis(self.forward).to_coefficients(self.truth)
        mean = self.cells.start + self.cells.unit * self.seen.mean.float()
        return ((target - mean) / (self.cells.unit * self.sigma)).clamp(-LARGEST, LARGEST)

    def image(self, whitened: Tensor) -> Tensor:
        """Fine pixels of the regression plus a whitened residual, `(b, e, H, W)` counts."""
        moved = self.seen.mean.float() + self.sigma * whitened
        return cell_basis(self.forward).from_coefficients(
            self.cells.start + self.cells.unit * moved
        )


def asked(regression: CellNet, truth: Tensor, operator: str, generator: torch.Generator) -> Task:
    """Measure a batch and let the regression look at the part that this process takes."""
    forward, y = measure(truth, operator, regression.cell, generator)
    part = part_of(len(truth))
    truth, y = part.of(truth), part.of(y)
    cells = prepare(y, forward, torch.ones(1, 1, 1, 1).to(truth))
    with torch.no_grad(), precision(truth):
        seen = see(regression, cells)
    return Task(forward, cells, seen, torch.exp(seen.log_sigma.float()), truth, part)


def precision(like: Tensor) -> torch.autocast:
    return torch.autocast(like.device.type, torch.bfloat16, enabled=has_bfloat16(like.device.type))


def velocity_error(
    net: FlowNet, target: Tensor, given: Tensor, part: Part, generator: torch.Generator
) -> Tensor:
    """Squared error of the velocity somewhere between noise and `target`, in the target's shape.

    `target` holds `part` of a batch; what is random is drawn for the whole.

    Flow matching (Lipman 2023) along the trigonometric path of `networks.flownet.integrate`.
    """
    angle = 0.5 * math.pi * part.of(torch.rand(part.whole, generator=generator)).to(target)
    noise = part.of(torch.randn(part.whole, *target.shape[1:], generator=generator)).to(target)
    sine, cosine = (f(angle)[:, None, None, None, None] for f in (torch.sin, torch.cos))
    velocity = net(cosine * noise + sine * target, angle, given)
    error: Tensor = velocity.float() - (cosine * target - sine * noise)
    return error.square()


def velocity_loss(net: FlowNet, task: Task, generator: torch.Generator) -> Tensor:
    """Flow matching on whitened residuals.

    Errors weigh half evenly and half by sigma: pixels feel coefficients of a wide spread most.
    """
    residual, seen = task.residual, task.seen
    with precision(residual):
        given = net.condition(seen.features, seen.mean, seen.log_sigma)
        error = velocity_error(net, residual, given, task.part, generator)
    counts = task.cells.unit * task.sigma
    share = counts / counts.mean(dim=(2, 3, 4), keepdim=True)
    loss: Tensor = ((0.5 + 0.5 * share) * error).mean()
    return loss


def score_loss(net: FlowNet, task: Task, generator: torch.Generator) -> Tensor:
    """Fair CRPS of two samples over the regression's absolute error, of pixels and their slopes.

    Slopes make it a score of neighbours together: white noise of the right width loses there.
    """
    seen = task.seen
    with precision(task.truth):
        given = net.condition(seen.features, seen.mean, seen.log_sigma)
        noises = torch.randn(2, task.part.whole, *task.sigma.shape[1:], generator=generator)
        noises = task.part.of(noises, dim=1).to(task.truth)
        drawn = [integrate(net, noise, given, FEW_STEPS).float() for noise in noises]
    one, two = (task.image(x.clamp(-LARGEST, LARGEST)) for x in drawn)
    plain = task.image(torch.zeros_like(task.sigma))
    losses = []
    for view in (_itself, _down, _across):
        first, second, true, flat = (view(x) for x in (one, two, task.truth, plain))
        error = 0.5 * ((first - true).abs() + (second - true).abs())
        crps = (error - 0.5 * (first - second).abs()).mean(dim=(2, 3))
        losses.append(crps / ((flat - true).abs().mean(dim=(2, 3)) + 1e-3))
    return torch.stack(losses).mean()


def _itself(x: Tensor) -> Tensor:
    return x


def _down(x: Tensor) -> Tensor:
    return x.diff(dim=-2)


def _across(x: Tensor) -> Tensor:
    return x.diff(dim=-1)


def train_flow(
    cell: int,
    seed: int,
    steps: int,
    rates: tuple[float, float],
    scenes: Scenes,
    output: Path,
    start: Path | None = None,
    score: bool = False,
    maps: int = MAPS_PER_STEP,
) -> None:
    """Train one flow and write its averaged weights, half precision, to `output`.

    `score`: learn from whole samples instead of velocities; from the flow in `start`. `maps`: those
    of a step, over all processes.
    """
    torch.manual_seed(1000 * cell + seed)
    net = FlowNet(cell)
    if start is not None:
        net.load_state_dict({k: v.float() for k, v in load_file(start).items()})
    regression = load_ensemble(cell).members[0]
    step_loss = score_loss if score else velocity_loss

    def loss(rng: np.random.Generator, generator: torch.Generator) -> tuple[Tensor, Shown]:
        truth, _ = batch(scenes, rng, cell, maps)
        task = asked(regression, on_device(truth), operator_for(cell, rng), generator)
        value = step_loss(net, task, generator)
        return task.part.weighed(value, {"score" if score else "velocity": value.item()})

    square = [weight for _, weight in square_weights(net)]
    limits = [(list(net.parameters()), 1.0)]
    checkpoint = output.with_suffix(".checkpoint")
    weights = descend(net, square, loss, limits, steps, rates, (cell, seed), checkpoint)
    if is_first():
        save_file(weights, output)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cell", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("--rates", type=float, nargs=2, default=(2e-3, 1e-4))
    parser.add_argument("--scenes", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--start", type=Path, help="a flow to go on from")
    parser.add_argument("--score", action="store_true", help="learn from whole samples")
    parser.add_argument("--maps", type=int, default=MAPS_PER_STEP, help="of a step, in all")
    given = parser.parse_args()
    with processes():
        train_flow(
            given.cell,
            given.seed,
            given.steps,
            tuple(given.rates),
            Scenes(given.scenes),
            given.output,
            given.start,
            given.score,
            given.maps,
        )


if __name__ == "__main__":
    main()
