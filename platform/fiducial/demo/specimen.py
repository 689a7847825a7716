"""The demo's specimen: real X-ray counts, and how their beam time is shared out honestly.

Counts of disjoint parts of the beam time are independent. So each count of the full map is given
to exactly one of three scans: 1/16 to the fine short-dwell map, 1/16 to the coarse map, and the
other 14/16 stay sealed as the slow scan that the software never sees.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tifffile
from django.conf import settings
from numpy.typing import NDArray

FOLDER = settings.ROOT / "demo" / "amnh-meteorite-obj1"
CHANNELS = ("Al", "Ca", "Cr", "Fe", "Mg", "Ni", "P", "S", "Si", "Ti")
FACTOR = 4
PARTS = 16
SEED = 20180713  # the day the map was measured
DWELL_MS = 15.0
CURRENT_NA = 40.0

Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Scans:
    """Integer counts: `fine` and `slow` (c, 512, 512), `coarse` (c, 128, 128)."""

    fine: Counts
    coarse: Counts
    slow: Counts


def read() -> tuple[Counts, NDArray[np.float32]]:
    """The full map, int64 counts (c, h, w), and its electron image, float32 (h, w)."""
    counts = [tifffile.imread(FOLDER / f"obj1_32bt_{name}.tif") for name in CHANNELS]
    guide = tifffile.imread(FOLDER / "obj1_8bt_BSE.tif")
    return np.stack(counts).astype(np.int64), guide.astype(np.float32)


def share_out(counts: Counts, generator: np.random.Generator) -> Scans:
    """Give every count to one of the three scans, each with its share of the beam time.

    A coarse pixel sums its block: its dwell is one full fine dwell, spread over the block, so
    both short scans take 1/16 of the time.
    """
    fine = generator.binomial(counts, 1 / PARTS)
    rest = counts - fine
    coarse = generator.binomial(rest, 1 / (PARTS - 1))
    return Scans(fine=fine, coarse=block_sum(coarse), slow=rest - coarse)


def block_sum(values: NDArray) -> NDArray:
    """Sums of FACTOR × FACTOR blocks of the last two axes."""
    *lead, height, width = values.shape
    blocks = values.reshape(*lead, height // FACTOR, FACTOR, width // FACTOR, FACTOR)
    return blocks.sum(axis=(-3, -1))


def write_maps(folder: Path, counts: Counts, guide: NDArray[np.float32]) -> list[Path]:
    """Write one TIFF per element and the electron image, as a laboratory would hand them over."""
    folder.mkdir(parents=True, exist_ok=True)
    maps = {
        f"obj1_32bt_{n}.tif": c.astype(np.uint32) for n, c in zip(CHANNELS, counts, strict=True)
    }
    maps["obj1_8bt_BSE.tif"] = np.round(guide).astype(np.uint8)
    for name, values in maps.items():
        tifffile.imwrite(folder / name, values, compression="zlib")
    return [folder / name for name in maps]
