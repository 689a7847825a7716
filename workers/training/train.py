"""Train the X-ray ensemble on synthetic minerals.

`python -m workers.training.train --cell 2 --seed 0 --steps 2000 --rates 1e-3 3e-4 --scenes DIR
--output FILE [--start FILE]`

A network belongs to a size of cell: the one for 2 × 2 cells serves ×2 and the fine map (×1), the
others ×4 and ×8. On two CPU cores a common stem is trained first; members fork from it (`--start`)
with their own seed and a learning rate that starts high again, as in a snapshot ensemble (Huang
2017). A stem may also start from the trunk of another size of cell. The seed decides initial
weights, the order of scenes, doses, crops and operators. Nothing but synthetic scenes is seen. Runs
on a CPU or, where there is one, a GPU, in bfloat16 where the processor has it, or under `torchrun`
on several (`training.distributed`); continues from its last checkpoint.
"""

import argparse
import math
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.nn import functional as F

from workers.networks.cellnet import CellNet
from workers.physics import LinearForwardModel, forward_model
from workers.posteriors.cells import cell_basis, predict, prepare
from workers.training.descent import descend, has_bfloat16, on_device, square_weights
from workers.training.distributed import Shown, is_first, part_of, processes

# Cells along the side of a training crop, per side of a cell.
CROP_CELLS = {2: 24, 4: 24, 8: 16}
# Few maps a step, each of one element: in the same time on two cores many small steps went further
# than few large ones.
MAPS_PER_STEP = 10
# How often each operator is practised; fine maps belong to the 2 × 2 network.
OPERATOR_SHARE = {"binned": 0.6, "point": 0.2, "line": 0.1, "psf": 0.1}
FINE_SHARE = 0.5


class Scenes:
    """Synthetic scenes in memory, half precision: `rates[i]` is (c, H, W) counts per fine pixel."""

    def __init__(self, folder: Path) -> None:
        files = sorted(folder.glob("*.npz"))
        if not files:
            raise SystemExit(f"No scenes in {folder}: make them with workers.training.scenes")
        self.rates: list[Tensor] = []
        self.ranges: list[Tensor] = []
        for file in files:
            with np.load(file, allow_pickle=False) as archive:
                rate = torch.from_numpy(archive["rate"])
            self.rates.append(rate)
            flat = rate.float().flatten(1)
            self.ranges.append(torch.quantile(flat[:, ::7], 0.999, dim=1))

    def crop(self, rng: np.random.Generator, elements: int, side: int) -> tuple[Tensor, Tensor]:
        """One augmented crop `(elements, side, side)` and the range of each of its elements."""
        i = int(rng.integers(len(self.rates)))
        rate, spread = self.rates[i], self.ranges[i]
        chosen = torch.from_numpy(rng.choice(len(rate), elements, replace=len(rate) < elements))
        y0, x0 = rng.integers(0, rate.shape[1] - side + 1, 2)
        x = rate[chosen, y0 : y0 + side, x0 : x0 + side].float()
        x = torch.rot90(x, int(rng.integers(4)), (1, 2))
        if rng.random() < 0.5:
            x = x.flip(2)
        return x.contiguous(), spread[chosen]


def batch(
    scenes: Scenes, rng: np.random.Generator, cell: int, maps: int = MAPS_PER_STEP
) -> tuple[Tensor, Tensor]:
    """Truth `(b, e, H, W)` in counts per measured dwell and its range `(b, e)`."""
    elements = int(rng.choice([1, 2, 5, 8, 10], p=[0.08, 0.12, 0.25, 0.30, 0.25]))
    side = CROP_CELLS[cell] * cell
    crops = [scenes.crop(rng, elements, side) for _ in range(max(maps // elements, 1))]
    dose = np.exp(rng.uniform(math.log(1 / 40), math.log(2.0 * cell**2), len(crops)))
    scale = torch.from_numpy(dose.astype(np.float32))[:, None]
    truth = torch.stack([c for c, _ in crops]) * scale[..., None, None]
    return truth, torch.stack([r for _, r in crops]) * scale


def measure(
    truth: Tensor, operator: str, cell: int, generator: torch.Generator
) -> tuple[LinearForwardModel, Tensor]:
    """The operator and the counts it measures of `truth`, `(b, e, h, w)`."""
    factor = 1 if operator == "fine" else cell
    options = {}
    if operator == "psf":
        options["sigma_px"] = factor * (0.35 + 0.3 * torch.rand(1, generator=generator).item())
    forward = forward_model(operator, factor, **options)
    mean = forward.expected(truth).clamp(min=0)
    return forward, torch.poisson(mean.cpu(), generator=generator).to(truth)


def losses(
    net: CellNet, truth: Tensor, spread: Tensor, operator: str, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Mean log of the RMS error relative to the range, and the likelihood of the spread; of the
    part of a batch that this process takes."""
    forward, y = measure(truth, operator, net.cell, generator)
    truth, spread, y = map(part_of(len(truth)).of, (truth, spread, y))
    cells = prepare(y, forward, torch.ones(1, 1, 1, 1).to(truth))
    with torch.autocast(truth.device.type, torch.bfloat16, enabled=has_bfloat16(truth.device.type)):
        mean, sigma = predict(net, cells)
    target = cell_basis(forward).to_coefficients(truth)
    error = (mean - target) / (spread[..., None, None, None] + 0.5)
    mse = error.square().mean(dim=(2, 3, 4))  # orthonormal basis: the MSE of pixels
    standardised = (target - mean.detach()) / sigma
    # Gaussian near, Laplace far: a rare bright phase must not decide the spread everywhere.
    misfit = F.huber_loss(standardised, torch.zeros_like(standardised), reduction="none", delta=4.0)
    likelihood = misfit + torch.log(sigma / cells.unit)
    # The logarithm gives every map its share, as the mean of decibels does that we report.
    return 0.5 * torch.log(mse + 1e-5).mean(), likelihood.mean()


def operator_for(cell: int, rng: np.random.Generator) -> str:
    if cell == 2 and rng.random() < FINE_SHARE:
        return "fine"
    names, shares = zip(*OPERATOR_SHARE.items(), strict=True)
    return str(rng.choice(names, p=shares))


def start_from(net: CellNet, start: Path) -> None:
    """Copy the weights of `start` that fit: all of the same cell size, else only the trunk.

    Of an ensemble's file (`member0.…`) the mean over members, which fork from one stem, is taken.
    """
    found = load_file(start)
    own = net.state_dict()
    members = {k.partition(".")[0] for k in found if k.startswith("member")}
    weights = {
        k: torch.stack([found[f"{m}.{k}"].float() for m in sorted(members)]).mean(0)
        if members
        else found[k].float()
        for k in own
    }
    net.load_state_dict({k: v for k, v in weights.items() if v.shape == own[k].shape}, strict=False)


def train(
    cell: int,
    seed: int,
    steps: int,
    rates: tuple[float, float],
    scenes: Scenes,
    output: Path,
    start: Path | None,
    maps: int = MAPS_PER_STEP,
) -> None:
    """Train one network and write its averaged weights, half precision, to `output`.

    `rates`: learning rate at the start and at the end, a half cosine between them; `maps`: those of
    a step, over all processes.
    """
    torch.manual_seed(1000 * cell + seed)
    net = CellNet(cell)
    if start is not None:
        start_from(net, start)

    def loss(rng: np.random.Generator, generator: torch.Generator) -> tuple[Tensor, Shown]:
        truth, spread = batch(scenes, rng, cell, maps)
        operator = operator_for(cell, rng)
        error, likelihood = losses(net, on_device(truth), on_device(spread), operator, generator)
        shown = {"log rmse": error.item(), "nll": likelihood.item()}
        return part_of(len(truth)).weighed(error + 0.02 * likelihood, shown)

    # Clipped apart: a burst of the spread's gradient must not shrink the mean's.
    spread_head = list(net.log_sigma.parameters())
    rest = [p for name, p in net.named_parameters() if not name.startswith("log_sigma")]
    square = [weight for name, weight in square_weights(net) if not name.startswith("log_sigma")]
    limits = [(spread_head, 0.5), (rest, 1.0)]
    weights = descend(
        net, square, loss, limits, steps, rates, (cell, seed), output.with_suffix(".checkpoint")
    )
    if is_first():
        save_file(weights, output)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cell", type=int, required=True, choices=sorted(CROP_CELLS))
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("--rates", type=float, nargs=2, default=(1e-3, 1e-5))
    parser.add_argument("--scenes", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--start", type=Path, help="weights, or a model's, to start from")
    parser.add_argument("--maps", type=int, default=MAPS_PER_STEP, help="of a step, in all")
    given = parser.parse_args()
    with processes():
        train(
            given.cell,
            given.seed,
            given.steps,
            tuple(given.rates),
            Scenes(given.scenes),
            given.output,
            given.start,
            given.maps,
        )


if __name__ == "__main__":
    main()
