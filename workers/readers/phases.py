"""Phases of a scanning probe: a circle, written as numbers that jump where it was cut."""

import numpy as np
from numpy.typing import NDArray

from workers.measurement import Problem

_BIN = 10  # degrees
_NEIGHBOURS = 3  # bins on either side that count with one


def is_phase(quantity: str | None) -> bool:
    """Whether a quantity that a file names is a phase."""
    return quantity is not None and "phase" in quantity.lower()


def cut_where_fewest(
    frames: NDArray[np.float32],
) -> tuple[NDArray[np.float32], list[Problem]]:
    """Phases `(t, h, w)` in degrees, cut at the angle next to which fewest pixels lie.

    Cut anywhere else, neighbours of nearly one phase differ by 360°, and every picture of them
    shows an edge that the sample does not have. NaN stays.
    """
    known = frames[np.isfinite(frames)]
    if known.size == 0 or np.ptp(known) > 361 or np.ptp(known) < 180:
        return frames, []  # not degrees of a circle, or not near its cut
    counts, _ = np.histogram(known % 360, bins=360 // _BIN, range=(0, 360))
    near = sum(np.roll(counts, k) for k in range(-_NEIGHBOURS, _NEIGHBOURS + 1))
    cut = (int(np.argmin(near)) + 0.5) * _BIN
    cut -= 360 * (cut > 180)
    moved = (frames - cut) % 360 + cut
    share = float(np.mean(np.abs(moved - frames)[np.isfinite(frames)] > 1))
    if share == 0:
        return frames, []
    note = Problem(
        "note",
        "all files",
        f"Phases run from {cut:.0f}° to {cut + 360:.0f}°, cut where fewest pixels lie: {share:.1%} "
        "of the pixels are written 360° higher or lower than in the files.".replace("-", "−"),
        "Nothing: they are the same phases.",
    )
    return np.asarray(moved, np.float32), [note]
