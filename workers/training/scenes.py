"""Write synthetic scenes: `python -m workers.training.scenes --count 400 --output DIR`."""

import argparse
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np

from workers.training.minerals import scene
from workers.training.textures import texture


def write_scene(index: int, seed: int, size: int, output: Path) -> None:
    """One scene, decided by `(seed, index)` alone: every fourth a texture, the others minerals."""
    rng = np.random.default_rng([seed, index])
    rate = texture(rng, size) if index % 4 == 3 else scene(rng, size).rate
    np.savez(output / f"scene-{index:05d}.npz", rate=rate.astype(np.float32))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--seed", type=int, default=1, help="1 trains; 2 is kept for calibration")
    parser.add_argument("--size", type=int, default=256, help="fine pixels along a side")
    parser.add_argument("--output", type=Path, required=True)
    given = parser.parse_args()
    given.output.mkdir(parents=True, exist_ok=True)
    write = partial(write_scene, seed=given.seed, size=given.size, output=given.output)
    with ProcessPoolExecutor() as pool:
        list(pool.map(write, range(given.count), chunksize=4))


if __name__ == "__main__":
    main()
