"""Train the one reconstruction that judges maps of every kind, on generated showers alone.

`python -m workers.training.train_particles --steps 2400 --output FILE`

It learns on true maps, on true maps blurred, and on coarse cells measured with noise and divided
evenly or by bicubic interpolation: what it judges is sharp, soft or blocky. It never sees a map
that a network or a fit of this house has made, so that none of them is what it was taught with.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from scipy import ndimage, optimize
from torch import Tensor, nn
from torch.nn import functional as F

from workers.assessment.calorimeter import splits
from workers.assessment.calorimeter.map_scores import children
from workers.events import Float
from workers.networks.particlenet import MOST, SCALE_MM, ParticleNet, Slots, Tokens
from workers.physics.calorimeter.geometry import LAYERS, PITCH_MM, ROWS
from workers.training.descent import descend, on_device
from workers.training.distributed import Shown, is_first, part_of, processes
from workers.training.shower_pool import Pool
from workers.training.shower_scenes import measured

SHOWERS = 12000
EVENTS_PER_STEP = 48
CROP = 24  # fine cells around the middle: showers reach no further
RATES = (2e-3, 2e-5)
KINDS = ("true", "true", "kept", "blurred", "even", "bicubic")  # of the events of a batch, in turn
BLURRED = (0.4, 1.6)  # fine cells, the width of a blur
NEAR = 0.36  # SCALE_MM: a fine cell


@dataclass(frozen=True)
class Taught:
    """Of `b` events `maps` `(b, layers, r, r)` MeV, and of their particles `shares`
    `(b, MOST, r, r)` of what lies at each place, `place` `(b, MOST, 2)` in SCALE_MM and how many.
    """

    maps: Tensor
    shares: Tensor
    place: Tensor
    number: Tensor


class Lost(nn.Module):
    """The network and what it loses on a batch: shares, places and numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.net = ParticleNet(LAYERS)

    def forward(
        self, maps: Tensor, shares: Tensor, place: Tensor, number: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        tokens = Tokens.of(maps, PITCH_MM)
        features, logits = self.net(tokens)
        found = self.net.taken(tokens, features, number)
        wanted = shares.flatten(2).gather(2, tokens.at[:, None].expand(-1, MOST, -1))
        weight = tokens.energy / tokens.energy.sum(dim=1, keepdim=True).clamp_min(1.0)
        pairs = matched(found[-1], wanted, place, weight, number)
        lost = [_off(step, wanted, place, weight, pairs) for step in found]
        shared, placed = (torch.stack(each).mean() for each in zip(*lost, strict=True))
        return shared, placed, F.cross_entropy(logits, number - 1)


@torch.no_grad()
def matched(
    found: Slots, wanted: Tensor, place: Tensor, weight: Tensor, number: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Event, slot and particle of every pair: those that lose least together (Hungarian)."""
    n = found.place.shape[1]
    cost = -torch.einsum("bit,bjt->bij", found.log_incidence * weight[:, None], wanted[:, :n])
    cost = cost + 0.1 * torch.cdist(found.place, place[:, :n]) / NEAR
    pairs = []
    for event, (of, count) in enumerate(zip(cost.cpu().numpy(), number.tolist(), strict=True)):
        slots, particles = optimize.linear_sum_assignment(of[:count, :count])
        pairs.append(np.stack([np.full(count, event), slots, particles]))
    event, slot, particle = torch.from_numpy(np.concatenate(pairs, axis=1)).to(number.device)
    return event, slot, particle


def _off(
    found: Slots, wanted: Tensor, place: Tensor, weight: Tensor, pairs: tuple[Tensor, ...]
) -> tuple[Tensor, Tensor]:
    """Cross-entropy of shares, per event and weighted by energy, and how far places are off."""
    event, slot, particle = pairs
    said, true = found.log_incidence[event, slot], wanted[event, particle]
    shared = -(weight[event] * true * said).sum() / len(weight)
    placed = F.smooth_l1_loss(found.place[event, slot] / NEAR, place[event, particle] / NEAR)
    return shared, placed


def batch(pool: Pool, count: int, rng: np.random.Generator) -> Taught:
    """`count` events of one to MOST particles, of each kind of map as many."""
    number = rng.integers(1, MOST + 1, count)
    alone = pool.events(np.ones(number.sum(), np.int64), rng)
    event = np.repeat(np.arange(count), number)
    slot = np.concatenate([np.arange(each) for each in number])
    parts = np.zeros((count, MOST, LAYERS, ROWS, ROWS), np.float32)
    parts[event, slot] = alone.fine
    place = np.zeros((count, MOST, 2), np.float32)
    place[event, slot, 0], place[event, slot, 1] = alone.particles.x_mm, alone.particles.y_mm
    maps, softened = np.empty((count, LAYERS, ROWS, ROWS), np.float32), parts.sum(axis=2)
    for k, kind in enumerate(KINDS):
        mine = slice(k, None, len(KINDS))
        maps[mine], softened[mine] = _as(kind, parts[mine], rng)
    shares = softened / np.maximum(softened.sum(axis=1, keepdims=True), 1e-6)
    edge = (ROWS - CROP) // 2
    inside = (..., slice(edge, -edge), slice(edge, -edge))
    return Taught(
        torch.from_numpy(maps[inside]),
        torch.from_numpy(shares[inside]),
        torch.from_numpy(place / SCALE_MM),
        torch.from_numpy(number),
    )


def _as(kind: str, parts: Float, rng: np.random.Generator) -> tuple[Float, Float]:
    """Maps of one kind, and the energy of each particle in them summed over layers.

    `parts` `(b, MOST, layers, r, r)` are the true energies of each particle.
    """
    whole, alone = parts.sum(axis=1), parts.sum(axis=2)
    if kind == "true":
        return whole, alone
    if kind == "blurred":
        width = rng.uniform(*BLURRED)
        return _blurred(whole, width), _blurred(alone, width)
    factor = int(rng.choice((2, 4)))
    energies, kept = measured(whole, factor, rng)
    if kind == "kept":
        return whole * children(kept, factor), alone
    divide = splits.uniform if kind == "even" else splits.bicubic
    # Where a particle's energy lies within a coarse cell cannot be known: it is shared evenly.
    r = ROWS // factor
    coarse = alone.reshape(*alone.shape[:2], r, factor, r, factor).sum(axis=(3, 5))
    return divide(energies * kept, factor), splits.uniform(coarse, factor)


def _blurred(maps: Float, width: float) -> Float:
    soft: Float = ndimage.gaussian_filter(maps, (0, 0, width, width), mode="constant")
    return soft


def train(seed: int, steps: int, output: Path) -> None:
    """Train the network and write its averaged weights, half precision, to `output`."""
    torch.manual_seed(seed)
    lost = Lost()
    pool = Pool.generated(SHOWERS, np.random.default_rng([77, seed]))

    def loss(rng: np.random.Generator, generator: torch.Generator) -> tuple[Tensor, Shown]:
        made = batch(pool, EVENTS_PER_STEP, rng)
        mine = part_of(len(made.maps))
        of_mine = (mine.of(part) for part in (made.maps, made.shares, made.place, made.number))
        shared, placed, number = lost(*(on_device(part) for part in of_mine))
        shown = {"shared": shared.item(), "placed": placed.item(), "number": number.item()}
        return mine.weighed(shared + 0.3 * placed + 0.5 * number, shown)

    square = [w for name, w in lost.named_parameters() if _is_square(name, w)]
    limits = [(list(lost.parameters()), 1.0)]
    checkpoint = output.with_suffix(".checkpoint")
    weights = descend(lost, square, loss, limits, steps, RATES, (77, seed), checkpoint)
    if is_first():
        save_file({k.removeprefix("net."): v for k, v in weights.items()}, output)


def _is_square(name: str, weight: Tensor) -> bool:
    """Matrices between features: what Muon is good at."""
    inner = ("blocks.", "steps.")
    return weight.ndim == 2 and min(weight.shape) >= 64 and any(part in name for part in inner)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("--output", type=Path, required=True)
    given = parser.parse_args()
    with processes():
        train(given.seed, given.steps, given.output)


if __name__ == "__main__":
    main()
