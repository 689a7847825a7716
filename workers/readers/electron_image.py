"""Whether an electron image fits the maps: their grid, or one a whole number of times finer."""

from workers.measurement import MAX_GUIDE_FACTOR, Problem
from workers.readers.contents import Layer


def left_out(image: Layer, maps: tuple[int, int]) -> Problem:
    """Says why an image whose size is no whole multiple of `maps` (h, w) is set aside.

    It is not resampled: a few pixels more or less are another field or another scale, and nobody
    but the person who cut it knows which.
    """
    height, width = image.values.shape
    sizes = [f"{k * maps[0]} × {k * maps[1]}" for k in range(1, MAX_GUIDE_FACTOR + 1)]
    return Problem(
        "warning",
        image.source,
        f"The electron image has {height} × {width} pixels, the maps have {maps[0]} × {maps[1]}: "
        "that is not the same whole number of times as many on both sides, so it is left out.",
        "Export the electron image of exactly the field of the maps with "
        f"{', '.join(sizes[:-1])} or {sizes[-1]} pixels.",
    )


def finer(image: Layer, factor: int) -> Problem:
    """Says what an image `factor` times finer than the maps is taken for."""
    return Problem(
        "note",
        image.source,
        f"The electron image has {factor} × {factor} pixels on each pixel of the maps: it is taken "
        "to show exactly their field.",
        "If it shows more or less than the maps do, leave it out in the channel list.",
    )
