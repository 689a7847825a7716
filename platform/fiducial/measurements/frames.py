"""How the frames of a movie are drawn: unlike counts, their numbers may begin anywhere."""

import numpy as np
from numpy.typing import NDArray

from workers.store import MeasurementStore

CHUNK = 256  # the coarsest level of every picture is at most this wide and high


def is_movie(store: MeasurementStore) -> bool:
    """Whether the channels are frames; stores older than movies do not say."""
    return bool(store.attributes.get("content") == "movie")


def coarsest(store: MeasurementStore, image: str, channel: int) -> NDArray[np.float32]:
    """One channel of a picture at its coarsest level (StoreError where there is none)."""
    last = store.levels(image) - 1
    return store.window(image, channel, 0, 0, CHUNK, CHUNK, last)


def span(values: NDArray[np.float32]) -> tuple[float, float]:
    """Where the colours of a frame begin and end."""
    low, high = (float(value) for value in np.percentile(values, (0.5, 99.5)))
    return low, high if high > low else low + 1.0
