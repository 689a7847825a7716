"""Teach a network of scanning diffraction on procedural scans, without labels.

`python -m workers.training.train_diffraction --net patches --steps 1500 --output FILE`

Each step draws a few scans (`training.optics`), stitches what the network makes of their frames,
and compares the counts this object would give with those of the scan. The truth of the drawn
specimens is never looked at. `--masked` first teaches a transformer to fill in counts of squares
it is not shown (masked autoencoder, He et al. 2022): an arm that is measured, see docs/physics.md.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from workers.networks.framevit import FrameViT
from workers.networks.patchnet import PatchNet
from workers.posteriors.diffraction.glance import first_guess, glance
from workers.posteriors.diffraction.stitching import stitched_misfit
from workers.training.descent import descend, square_weights
from workers.training.distributed import Shown, is_first, processes
from workers.training.optics.scans import drawn_scan

SIDES = {"patches": (48, 64, 80), "frames": (128,)}  # pixels of the frames of a step
SCANS, FRAMES = 2, 16  # of a step; frames of one scan
RATES = (2e-3, 2e-5)
GRADIENT = 1.0
HIDDEN = 0.6  # share of squares that a masked frame does not show


def new_net(name: str) -> PatchNet | FrameViT:
    """The untrained network `patches` or `frames`."""
    return PatchNet() if name == "patches" else FrameViT()


def matrices(net: nn.Module) -> list[Tensor]:
    """What Muon is good at: convolutions that keep the width, and the layers of a transformer."""
    linear = [
        module.weight
        for name, module in net.named_modules()
        if isinstance(module, nn.Linear) and name.startswith("layers.")
    ]
    return [weight for _, weight in square_weights(net)] + linear


def scans_misfit(
    net: PatchNet | FrameViT, side: int, rng: np.random.Generator, generator: torch.Generator
) -> Tensor:
    """Mean logarithm of the stitched misfit over drawn scans: weak and strong ones count alike."""
    each = []
    for _ in range(SCANS):
        scan, probe = drawn_scan(FRAMES, side, rng, generator)
        each.append(stitched_misfit(net, scan, probe, first_guess(scan, probe)).log())
    return torch.stack(each).mean()


class Filling(nn.Module):
    """A transformer that is shown some squares of a frame, and draws the counts of the others."""

    def __init__(self, net: FrameViT) -> None:
        super().__init__()
        self.net, self.width = net, net.width
        self.blank = nn.Parameter(torch.zeros(net.width))
        self.draw = nn.Linear(net.width, net.square**2)

    def forward(self, inputs: Tensor, generator: torch.Generator) -> Tensor:
        """Mean squared error of standardised log counts in hidden squares."""
        squares = self.net.enter(inputs).flatten(2).transpose(1, 2)
        hidden = torch.rand(squares.shape[:2], generator=generator) < HIDDEN
        shown = torch.where(hidden[:, :, None], self.blank, squares)
        drawn = self.draw(self.net.looked(shown))
        side = self.net.square
        truth = nn.functional.unfold(inputs[:, -1:], side, stride=side).transpose(1, 2)
        error: Tensor = (drawn - truth)[hidden].square().mean()
        return error


def fill(net: FrameViT, steps: int, seed: int, checkpoint: Path) -> None:
    """Teach the layers of `net` to fill in counts, in place."""
    filling = Filling(net)

    def loss(rng: np.random.Generator, generator: torch.Generator) -> tuple[Tensor, Shown]:
        scan, probe = drawn_scan(SCANS * FRAMES, SIDES["frames"][0], rng, generator)
        value = filling(glance(scan, probe, first_guess(scan, probe)).inputs, generator)
        return value, {"squared error": value.item()}

    groups = [(list(filling.parameters()), GRADIENT)]
    weights = descend(filling, matrices(net), loss, groups, steps, RATES, (1, seed), checkpoint)
    own = {k[4:]: v.float() for k, v in weights.items() if k.startswith("net.")}
    net.load_state_dict(own)


def train(name: str, steps: int, masked: int, seed: int, output: Path) -> None:
    """Train one network and write its averaged weights, half precision."""
    torch.manual_seed(seed)
    net = new_net(name)
    if masked and isinstance(net, FrameViT):
        fill(net, masked, seed, output.with_suffix(".masked-checkpoint"))

    def loss(rng: np.random.Generator, generator: torch.Generator) -> tuple[Tensor, Shown]:
        side = int(rng.choice(SIDES[name]))
        value = scans_misfit(net, side, rng, generator)
        return value, {"log misfit": value.item()}

    groups = [(list(net.parameters()), GRADIENT)]
    where = output.with_suffix(".checkpoint")
    weights = descend(net, matrices(net), loss, groups, steps, RATES, (0, seed), where)
    if is_first():
        save_file(weights, output)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--net", choices=tuple(SIDES), required=True)
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("--masked", type=int, default=0, help="steps of filling in, before")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, required=True)
    given = parser.parse_args()
    with processes():
        train(given.net, given.steps, given.masked, given.seed, given.output)


if __name__ == "__main__":
    main()
