"""Write synthetic scenes: `python -m workers.training.scenes --count 400 --output DIR`."""

import argparse
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from workers.training.minerals import scene
from workers.training.minerals.single_textures import SINGLE_TEXTURES
from workers.training.textures import texture


def rate_of(index: int, seed: int, size: int, textures_only: bool = False) -> NDArray[np.float32]:
    """Scene `index` of a set, (c, size, size), decided by `(seed, index)` alone.

    Every fourth is a texture of any kind, the others minerals; with `textures_only` all are of one
    mineral texture finer than a coarse map sees.
    """
    return maps_of(index, seed, size, textures_only)["rate"]


def maps_of(
    index: int, seed: int, size: int, textures_only: bool = False
) -> dict[str, NDArray[np.float32]]:
    """As `rate_of`, and with a mineral its electron image `guide` (size, size)."""
    rng = np.random.default_rng([seed, index])
    if not textures_only and index % 4 == 3:
        return {"rate": texture(rng, size).astype(np.float32)}
    kinds = list(SINGLE_TEXTURES.values())
    made = kinds[index % len(kinds)](rng, size) if textures_only else scene(rng, size)
    return {"rate": made.rate.astype(np.float32), "guide": made.guide}


def write_scene(index: int, seed: int, size: int, textures_only: bool, output: Path) -> None:
    """One scene as a file of its own; the two kinds of a set do not share names."""
    kind = "texture" if textures_only else "scene"
    maps = maps_of(index, seed, size, textures_only)
    np.savez(output / f"{kind}-{index:05d}.npz", allow_pickle=False, **maps)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--seed", type=int, default=1, help="1 trains; 2 is kept for calibration")
    parser.add_argument("--size", type=int, default=256, help="fine pixels along a side")
    parser.add_argument("--textures-only", action="store_true", help="zoning and symplectite")
    parser.add_argument("--output", type=Path, required=True)
    given = parser.parse_args()
    given.output.mkdir(parents=True, exist_ok=True)
    write = partial(
        write_scene,
        seed=given.seed,
        size=given.size,
        textures_only=given.textures_only,
        output=given.output,
    )
    with ProcessPoolExecutor() as pool:
        list(pool.map(write, range(given.count), chunksize=4))


if __name__ == "__main__":
    main()
