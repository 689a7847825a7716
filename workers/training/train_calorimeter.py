"""Train the networks of calorimeter events on generated showers.

`python -m workers.training.train_calorimeter --factor 4 --steps 2400 --output FILE`

One training for each factor: the network of fractions and, on its features, the flow its samples
come from; no gradient of the flow reaches the other. Nothing but generated showers is seen; the
seed decides initial weights, showers and events. Continues from its last checkpoint.
"""

import argparse
import math
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional as F

from workers.networks.splitflow import SplitFlow
from workers.networks.splitnet import MOST, Split, SplitNet
from workers.physics.calorimeter.geometry import LAYERS, ROWS, SIGMA_MEV
from workers.posteriors.calorimeter.plane import children_of
from workers.training.descent import descend, on_device, square_weights
from workers.training.distributed import Shown, is_first, part_of, processes
from workers.training.shower_pool import Pool
from workers.training.shower_scenes import measured

SHOWERS = 12000
EVENTS_PER_STEP = {4: 64, 2: 32}
WIDTH = 64  # of the network of fractions
FLOWN = 4  # one event in so many teaches the flow, which costs as much as all else otherwise
CROP = 24  # fine cells around the middle: showers reach no further
RATES = (2e-3, 2e-5)


class Both(nn.Module):
    """The two networks of a factor; returns the mean loss of each kind, over a batch."""

    def __init__(self, factor: int) -> None:
        super().__init__()
        self.split = SplitNet(factor, SIGMA_MEV, WIDTH)
        self.flow = SplitFlow(LAYERS * factor**2, self.split.width)

    def forward(
        self, energies: Tensor, kept: Tensor, children: Tensor, number: Tensor, draw: Tensor
    ) -> tuple[Tensor, ...]:
        """`draw` `(b, 1 + layers · factor², h, w)` is a normal draw; its first channel the time."""
        found = self.split(energies, kept)
        total = children.sum(dim=2)
        share = (children / total.clamp_min(1e-6)[:, :, None]).detach()
        weight = total * kept
        split = -(share * found.log_fractions).sum(dim=2)
        moved = ((total - found.total) / found.error).square() / 2
        count = F.cross_entropy(found.number, number - 1)
        bright = (weight / self.split.sigma).clamp(0, 100)
        residual = (share.sqrt() - found.amplitude) / found.spread
        fits = (0.5 * residual.clamp(-6, 6).square() + found.spread.log()).mean(dim=2)
        return (
            _mean(split, weight),
            _mean(moved + found.error.log(), kept.float()),
            count,
            _mean(fits, bright),
            self._flow(found, residual.detach().clamp(-6, 6), kept, bright, draw),
        )

    def _flow(
        self, found: Split, residual: Tensor, kept: Tensor, weight: Tensor, draw: Tensor
    ) -> Tensor:
        few = math.ceil(len(draw) / FLOWN)
        known = Split(**{name: value[:few].detach() for name, value in vars(found).items()})
        residual, kept, weight, draw = (each[:few] for each in (residual, kept, weight, draw))
        given = self.flow.condition(known, kept.any(dim=1, keepdim=True))
        angle = torch.special.ndtr(draw[:, 0, 0, 0]) * math.pi / 2
        cos, sin = angle.cos()[:, None, None, None], angle.sin()[:, None, None, None]
        # A cell that was suppressed has no children to imagine: nothing moves there but noise.
        target, noise = residual.flatten(1, 2), draw[:, 1:]
        velocity = self.flow(cos * noise + sin * target, angle, given)
        wrong = (velocity - (cos * target - sin * noise)).square()
        return _mean(wrong.reshape(residual.shape).mean(dim=2), weight)


def _mean(values: Tensor, weight: Tensor) -> Tensor:
    return (values * weight).sum() / weight.sum().clamp_min(1e-6)


def batch(pool: Pool, factor: int, rng: np.random.Generator) -> tuple[Tensor, ...]:
    """Measured energies, what was kept, energies of children, numbers of particles."""
    number = rng.integers(1, MOST + 1, EVENTS_PER_STEP[factor])
    edge = (ROWS - CROP) // 2
    fine = pool.events(number, rng).fine
    energies, kept = measured(fine, factor, rng)
    coarse = (..., *(slice(edge // factor, -(edge // factor)),) * 2)
    return (
        torch.from_numpy(energies)[coarse],
        torch.from_numpy(kept)[coarse],
        children_of(torch.from_numpy(fine), factor)[coarse],
        torch.from_numpy(number),
    )


def train(factor: int, seed: int, steps: int, output: Path) -> None:
    """Train both networks and write their averaged weights, half precision, to `output`."""
    torch.manual_seed(1000 * factor + seed)
    both = Both(factor)
    pool = Pool.generated(SHOWERS, np.random.default_rng([factor, seed]))

    def loss(rng: np.random.Generator, generator: torch.Generator) -> tuple[Tensor, Shown]:
        made = batch(pool, factor, rng)
        size = made[0].shape[-2:]
        draw = torch.randn(len(made[0]), 1 + both.flow.channels, *size, generator=generator)
        mine = part_of(len(draw))
        values = both(*(on_device(mine.of(part)) for part in (*made, draw)))
        names = ("split", "energy", "number", "amplitude", "flow")
        shown = {name: value.item() for name, value in zip(names, values, strict=True)}
        split, energy, number, amplitude, flow = values
        whole = split + 0.05 * energy + 0.1 * number + 0.1 * amplitude + flow
        return mine.weighed(whole, shown)

    square = [w for net in (both.split, both.flow) for _, w in square_weights(net)]
    limits = [(list(both.split.parameters()), 1.0), (list(both.flow.parameters()), 1.0)]
    weights = descend(
        both, square, loss, limits, steps, RATES, (factor, seed), output.with_suffix(".checkpoint")
    )
    if is_first():
        save_file(weights, output)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--factor", type=int, required=True, choices=sorted(EVENTS_PER_STEP))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("--output", type=Path, required=True)
    given = parser.parse_args()
    with processes():
        train(given.factor, given.seed, given.steps, given.output)


if __name__ == "__main__":
    main()
