"""Every training that processes can share, a few steps of each on small crops.

`python -m tests.training.short SCENES OUTPUT`, or the same by `torchrun`. Prints the figures of
every step.
"""

import sys
from pathlib import Path

import torch

from workers.training import descent, train
from workers.training.distributed import processes
from workers.training.train_flow import train_flow
from workers.training.train_guide import GuidedScenes, train_guide
from workers.training.train_latent import train_latent

NAMES = ("net", "flow", "scored", "guide", "latent")
MAPS = 30  # 15 of two elements, 3 of ten: two processes never have equal parts
RATES = (1e-3, 1e-4)


def main(folder: Path, output: Path) -> None:
    descent.EVERY = descent.WARM_UP = 1
    train.CROP_CELLS[4] = 8
    torch.set_num_threads(1)
    scenes = train.Scenes(folder)
    net, flow, scored, guide, latent = (output / f"{name}.safetensors" for name in NAMES)
    with processes():
        train.train(4, 1, 5, RATES, scenes, net, None, MAPS)
        train_flow(4, 1, 3, RATES, scenes, flow, maps=MAPS)
        train_flow(4, 1, 3, RATES, scenes, scored, score=True, maps=MAPS)
        train_guide(4, 1, 3, RATES, GuidedScenes(folder), guide, MAPS)
        train_latent((2, 2), 1, scenes, latent, MAPS)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
