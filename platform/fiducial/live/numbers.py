"""Which numbers of frames have come: a bit for each."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Run = tuple[int, int]  # first and last of numbers without a gap


def flags(kept: bytes, planned: int) -> NDArray[np.bool_]:
    """Whether each number has come, `(planned,)`, from the bits that are kept."""
    whole = kept.ljust(-(-planned // 8), b"\0")  # none are kept of a scan without frames
    return np.unpackbits(np.frombuffer(whole, np.uint8), count=planned).astype(bool)


def packed(came: NDArray[np.bool_]) -> bytes:
    """The bits to keep."""
    return np.packbits(came).tobytes()


def first_of_each(index: NDArray[np.int64], came: NDArray[np.bool_]) -> list[int]:
    """Rows of `index` whose number neither came before nor stands twice among them."""
    _, rows = np.unique(index, return_index=True)
    return sorted(int(row) for row in rows if not came[index[row]])


def missing(came: NDArray[np.bool_], last: int) -> list[Run]:
    """Numbers below `last` that have not come, as runs without a gap."""
    gone = np.flatnonzero(~came[: last + 1])
    if not len(gone):
        return []
    parts = np.split(gone, np.flatnonzero(np.diff(gone) > 1) + 1)
    return [(int(part[0]), int(part[-1])) for part in parts]


def worded(runs: Sequence[Run], most: int = 12) -> str:
    """ "17, 40–43 and 2 more gaps"; empty where there are none."""
    said = [str(first) if first == last else f"{first}–{last}" for first, last in runs[:most]]
    more = len(runs) - most
    return ", ".join(said) + (f" and {more} more gap{'s' * (more > 1)}" if more > 0 else "")
