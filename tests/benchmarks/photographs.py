"""Write photographs as scenes of no mineral: `python -m tests.benchmarks.photographs --output DIR`.

The pictures that come with scikit-image, each colour an element; two squares of each. Foreign to
every network here, and a test of what `workers.training.familiarity` does not notice.
"""

import argparse
from pathlib import Path

import numpy as np
from skimage import data

NAMES = (
    *("astronaut", "brick", "camera", "chelsea", "coffee", "coins", "grass", "gravel"),
    *("hubble_deep_field", "immunohistochemistry", "moon", "page", "retina", "text"),
)
SIDE = 160  # pixels; the calibration cuts 128 of them
COUNTS = 100.0  # of white, per fine dwell


def photograph(name: str) -> np.ndarray:
    """One picture as (c, H, W) float32, 0 to 1."""
    picture = np.asarray(getattr(data, name)(), np.float32) / 255
    return picture[None] if picture.ndim == 2 else np.moveaxis(picture[..., :3], -1, 0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, required=True)
    output = parser.parse_args().output
    output.mkdir(parents=True, exist_ok=True)
    for name in NAMES:
        whole = photograph(name)
        for corner, (rows, columns) in enumerate(
            ((slice(0, SIDE), slice(0, SIDE)), (slice(-SIDE, None), slice(-SIDE, None)))
        ):
            rate = COUNTS * whole[:, rows, columns]
            np.savez(output / f"{name}-{corner}.npz", rate=rate.astype(np.float32))


if __name__ == "__main__":
    main()
