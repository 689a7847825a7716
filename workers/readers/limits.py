"""How large a map may be. Declared sizes are held to this before anything of that size is made."""

import math
from collections.abc import Sequence

from workers.readers.problems import refusal

MIN_SIDE = 8  # pixels: below this there is no neighbourhood to learn noise or structure from
MAX_PIXELS = 2**26  # of one map: 8192 × 8192
MAX_VALUES = 2**27  # of all maps together: half a GiB as float32
MAX_CHANNELS = 64  # maps of one field
MAX_FRAMES = 1024  # of a movie
MAX_SPECTRUM_BYTES = 2**31  # of a spectrum image before it is summed to element maps
MAX_TEXT_BYTES = 2**29
MAX_LINE_BYTES = 2**22


def check_map_size(where: str, shape: Sequence[int]) -> None:
    """Refuse a map of one pixel, a line scan, and a map too large to hold."""
    height, width = shape
    if min(height, width) < MIN_SIDE:
        raise refusal(
            where,
            f"The map is {height} × {width} pixels; at least {MIN_SIDE} × {MIN_SIDE} are needed "
            "to tell noise from structure.",
            "Upload a map, not a spot analysis or a line scan.",
        )
    if height * width > MAX_PIXELS:
        raise refusal(
            where,
            f"It declares {height:,} × {width:,} pixels; a map may have up to {MAX_PIXELS:,}.",
            "Cut the map into fields and upload them one by one.",
        )


def check_array_size(where: str, shape: Sequence[int]) -> None:
    """Refuse a stack (any number of axes) that declares more values than fit in memory."""
    count = math.prod(int(size) for size in shape)
    if count > MAX_VALUES:
        declared = " × ".join(f"{size:,}" for size in shape)
        raise refusal(
            where,
            f"It declares {declared} values; up to {MAX_VALUES:,} can be read.",
            "Leave out channels you do not need, or cut the map into fields.",
        )
