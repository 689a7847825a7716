"""How large a scan may be, and arrays of a stranger's file held to it before they are read."""

from collections.abc import Sequence

import h5py
import numpy as np
from numpy.typing import NDArray

from workers.readers.limits import MIN_SIDE, check_array_size
from workers.readers.problems import refusal
from workers.scan import MAX_SIDE

MAX_FRAMES = 100_000
MAX_PIXELS = 4096  # along one side of a frame as the detector writes it, before it is cropped


def check_frames(where: str, shape: Sequence[int]) -> None:
    """Refuse what are no frames `(n, h, w)`, too many or too large ones, before they are read."""
    if len(shape) != 3:
        raise refusal(
            where,
            f"The frames have {len(shape)} axes; (frame, row, column) are needed.",
            "Export them as one stack.",
        )
    count, height, width = shape
    check_array_size(where, shape)
    if count > MAX_FRAMES or max(height, width) > MAX_PIXELS or min(height, width) < MIN_SIDE:
        raise refusal(
            where,
            f"It holds {count:,} frames of {height:,} × {width:,} pixels; up to {MAX_FRAMES:,} of "
            f"{MIN_SIDE} to {MAX_SIDE} pixels can be read.",
            "Crop or bin the frames, or cut the scan into parts.",
        )


def numbers(dataset: h5py.Dataset, where: str) -> NDArray[np.generic]:
    """The numbers of a dataset, real or complex, in their own type (ReadError)."""
    if dataset.dtype.kind not in "uifcb":
        raise refusal(where, f"It holds {dataset.dtype}, not numbers.", "Export it as numbers.")
    check_array_size(where, dataset.shape)
    return np.asarray(dataset[()])
