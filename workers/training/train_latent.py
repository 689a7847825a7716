"""Train the literal latent diffusion model, the rival of the null-space flow, at ×4.

`python -m workers.training.train_latent --steps 4000 8000 --scenes DIR --output FILE`

First the autoencoder, on noise-free truth over its local scale, then the flow of its latents,
conditioned on the shipped regression as the null-space flow is. Writes both as one weights file.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor

from workers.networks.autoencoder import Autoencoder
from workers.networks.cellnet import CellNet
from workers.networks.flownet import FlowNet
from workers.posteriors.cells import prepare, see
from workers.posteriors.latent import LARGEST, fine_scale, latent_flow
from workers.training.descent import descend, on_device, square_weights
from workers.training.distributed import Shown, is_first, part_of, processes
from workers.training.registry import load_ensemble
from workers.training.train import MAPS_PER_STEP, Scenes, batch, measure, operator_for
from workers.training.train_flow import velocity_error

CELL = 4
PENALTY = 1e-4  # on the size of latents
RATES = (2e-3, 2e-5)


def scaled(truth: Tensor, y: Tensor) -> Tensor:
    """Truth over the local scale of its coarse map, `(b·e, 1, H, W)`."""
    b, e, height, width = truth.shape
    scale = fine_scale(y.reshape(b * e, *y.shape[2:]), CELL)
    return (truth.reshape(b * e, height, width) / scale)[:, None]


def reconstruction_loss(net: Autoencoder, truth: Tensor, y: Tensor) -> Tensor:
    """Mean log RMS error over maps, and a little for the size of latents."""
    image = scaled(truth, y)
    latent = net.encode(image)
    mse = (net.decode(latent) - image).square().mean(dim=(1, 2, 3))
    loss: Tensor = 0.5 * torch.log(mse + 1e-6).mean() + PENALTY * latent.square().mean()
    return loss


def latent_loss(
    net: FlowNet,
    regression: CellNet,
    autoencoder: Autoencoder,
    spread: Tensor,
    truth: Tensor,
    operator: str,
    generator: torch.Generator,
) -> Tensor:
    """Flow matching on whitened latents, of the part of a batch that this process takes."""
    forward, y = measure(truth, operator, CELL, generator)
    part = part_of(len(truth))
    truth, y = part.of(truth), part.of(y)
    cells = prepare(y, forward, torch.ones(1, 1, 1, 1).to(truth))
    with torch.no_grad():
        seen = see(regression, cells)
        latent = autoencoder.encode(scaled(truth, y)) / spread[:, None, None]
    target = latent.reshape(*truth.shape[:2], *latent.shape[1:]).clamp(-LARGEST, LARGEST)
    given = net.condition(seen.features, seen.mean, seen.log_sigma)
    loss: Tensor = velocity_error(net, target, given, part, generator).mean()
    return loss


def train_latent(
    steps: tuple[int, int], seed: int, scenes: Scenes, output: Path, maps: int = MAPS_PER_STEP
) -> None:
    """Train autoencoder and flow, and write their averaged weights, half precision.

    `maps`: those of a step, over all processes.
    """
    torch.manual_seed(1000 * CELL + seed)
    autoencoder, flow = Autoencoder(), latent_flow()
    regression = load_ensemble(CELL).members[0]

    def simulated(rng: np.random.Generator, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        truth, _ = batch(scenes, rng, CELL, maps)
        _, y = measure(truth, "binned", CELL, generator)
        return on_device(truth), on_device(y)

    def first(rng: np.random.Generator, generator: torch.Generator) -> tuple[Tensor, Shown]:
        truth, y = simulated(rng, generator)
        part = part_of(len(truth))
        value = reconstruction_loss(autoencoder, part.of(truth), part.of(y))
        return part.weighed(value, {"log rmse": value.item()})

    weights = descend(
        autoencoder,
        [weight for _, weight in square_weights(autoencoder)],
        first,
        [(list(autoencoder.parameters()), 1.0)],
        steps[0],
        RATES,
        (CELL, seed),
        output.with_suffix(".autoencoder-checkpoint"),
    )
    autoencoder.load_state_dict({k: v.float() for k, v in weights.items()})
    autoencoder.requires_grad_(False)
    rng, generator = np.random.default_rng(seed), torch.Generator().manual_seed(seed)
    with torch.no_grad():
        latents = [autoencoder.encode(scaled(*simulated(rng, generator))) for _ in range(64)]
    spread = torch.cat([z.movedim(1, 0).flatten(1) for z in latents], dim=1).std(dim=1)

    def second(rng: np.random.Generator, generator: torch.Generator) -> tuple[Tensor, Shown]:
        truth, _ = batch(scenes, rng, CELL, maps)
        operator = operator_for(CELL, rng)
        value = latent_loss(
            flow, regression, autoencoder, spread, on_device(truth), operator, generator
        )
        return part_of(len(truth)).weighed(value, {"velocity": value.item()})

    moved = descend(
        flow,
        [weight for _, weight in square_weights(flow)],
        second,
        [(list(flow.parameters()), 1.0)],
        steps[1],
        RATES,
        (CELL, seed),
        output.with_suffix(".checkpoint"),
    )
    tensors = {f"autoencoder.{k}": v for k, v in weights.items()}
    tensors |= {f"flow.{k}": v for k, v in moved.items()}
    if is_first():
        save_file({**tensors, "spread": spread}, output)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, nargs=2, required=True, help="autoencoder, flow")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--scenes", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--maps", type=int, default=MAPS_PER_STEP, help="of a step, in all")
    given = parser.parse_args()
    scenes, steps = Scenes(given.scenes), tuple(given.steps)
    with processes():
        train_latent(steps, given.seed, scenes, given.output, given.maps)


if __name__ == "__main__":
    main()
