"""The scales of a run's pictures: one range per element, shared by every pane that shows counts."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from workers.store import ImageStore, Place, RunStore

PIXELS = 1024**2  # enough to know a percentile by


def counts_range(values: NDArray[np.float32]) -> tuple[float, float]:
    """Where the colours of a map (h, w) begin and end; from 0 unless the map stays far above it."""
    low, high = np.nanpercentile(values, (0.5, 99.8))
    start = float(low) if low > 0.5 * high else 0.0
    return start, max(float(high), start + 1e-6)


@lru_cache(maxsize=64)
def of_run(path: Place) -> list[dict[str, float]]:
    """Per channel of the run at `path`: `low`, `high` (counts), `interval` (its widest colours)."""
    store = RunStore(path)
    estimate = overview(store, "estimate")
    half = (overview(store, "upper") - overview(store, "lower")) / 2
    scales = []
    for plane, width in zip(estimate, half, strict=True):
        low, high = counts_range(plane)
        widest = max(float(np.nanpercentile(width, 99)), 1e-6)
        scales.append({"low": low, "high": high, "interval": widest})
    return scales


def overview(store: ImageStore, image: str) -> NDArray[np.float32]:
    """The largest level of a picture (c, h, w) that is small enough to look through whole."""
    for level in range(store.levels(image)):
        array = store.image(image, level)
        if array.shape[-2] * array.shape[-1] <= PIXELS:
            break
    return np.asarray(array[:], np.float32)
