"""What is wrong with the pixels of a map, found before anybody has to notice it in a result."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from workers.measurement import Problem, Units

HOT_SIGMA = 15.0  # above the neighbours' maximum, in units of its counting error
HOT_TIMES = 3.0  # times the neighbours' maximum: a real grain also lights up its neighbours
GRAIN_SIGMA = 2.5  # another element beyond its neighbours by this much: a grain, not a spike
HOT_SHARE = 2e-3  # more "hot" pixels than this share are a texture, not a fault
CHANCE = 0.1  # a measured pixel that is empty in every channel is rarer, but in very faint maps
CLIP_LEVELS = (255.0, 1023.0, 4095.0, 65535.0)
CLIP_SHARE = 1e-3
_CROSS = ndimage.generate_binary_structure(2, 1)
_EIGHT_NEIGHBOURS = np.array([[1, 1, 1], [1, 0, 1], [1, 1, 1]], bool)

Stack = NDArray[np.float32]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Checked:
    """`values` (c, h, w) free of NaN and negatives, `mask` (h, w), and what was done about them."""

    values: Stack
    mask: Mask
    problems: tuple[Problem, ...]

    def adding(self, problem: Problem) -> "Checked":
        return replace(self, problems=(*self.problems, problem))


def check_pixels(channels: tuple[str, ...], values: Stack, units: Units) -> Checked:
    """Set aside what was not measured; say how much, where, and why.

    `values` (c, h, w) may hold NaN. In the result unmeasured pixels are 0 and False in the mask.
    """
    checked = Checked(values, np.ones(values.shape[1:], bool), ())
    checked = _set_aside_missing(checked, channels)
    checked = _raise_negatives(checked, channels)
    checked = _set_aside_empty_regions(checked)
    if units == "counts":
        checked = _set_aside_hot_pixels(checked, channels)
    for channel, plane in zip(channels, checked.values, strict=True):
        if clipping := _clipping(channel, plane, checked.mask):
            checked = checked.adding(clipping)
    return replace(checked, values=np.where(checked.mask, checked.values, np.float32(0)))


def _set_aside_missing(checked: Checked, channels: tuple[str, ...]) -> Checked:
    missing = ~np.isfinite(checked.values)
    if not missing.any():
        return checked
    any_channel = missing.any(axis=0)
    worst = [
        f"{channels[c]} ({missing[c].mean():.1%})" for c in np.flatnonzero(missing.any((1, 2)))
    ]
    problem = Problem(
        "warning",
        ", ".join(worst[:6]),
        f"{any_channel.mean():.1%} of the pixels hold no number (NaN) in at least one channel.",
        "They are treated as not measured in all channels. If that is too much, leave out the "
        "channel with the gaps.",
    )
    values = np.where(missing, np.float32(0), checked.values)
    return Checked(values, checked.mask & ~any_channel, (*checked.problems, problem))


def _raise_negatives(checked: Checked, channels: tuple[str, ...]) -> Checked:
    negative = (checked.values < 0) & checked.mask
    if not negative.any():
        return checked
    found = [
        f"{channels[c]} ({negative[c].mean():.1%}, down to {checked.values[c].min():.4g})"
        for c in np.flatnonzero(negative.any((1, 2)))
    ]
    problem = Problem(
        "warning",
        ", ".join(found[:6]),
        "Some values are negative, which neither counts nor concentrations can be: a background "
        "was subtracted.",
        "They are read as 0, which raises faint channels a little. Upload the raw counts if you "
        "have them.",
    )
    return Checked(np.maximum(checked.values, 0), checked.mask, (*checked.problems, problem))


def _set_aside_empty_regions(checked: Checked) -> Checked:
    """Connected regions where every channel is exactly 0, too large to be chance."""
    total = checked.values.sum(axis=0)
    empty = (total == 0) & checked.mask
    if not empty.any() or empty.all():
        return checked
    if _by_chance(total, empty) > CHANCE:  # of a map this faint only whole lines tell
        region = empty & (empty.all(axis=1)[:, None] | empty.all(axis=0)[None, :])
    else:
        labels, _ = ndimage.label(empty, _CROSS)
        large = np.bincount(labels.ravel()) >= max(25, empty.shape[0] // 4)
        large[0] = False
        region = large[labels]
    if not region.any():
        return checked
    problem = Problem(
        "warning",
        _place(region),
        f"{region.mean():.1%} of the map is exactly 0 in every channel: the beam was not there.",
        "These pixels are treated as not measured: hatched, and left out of every figure.",
    )
    return replace(checked, mask=checked.mask & ~region).adding(problem)


def _by_chance(total: NDArray[np.float32], empty: Mask) -> float:
    """How often a pixel beside one with counts is empty: often where counts are few anyway."""
    beside_counts = total[:, :-1] > 0
    return float(empty[:, 1:][beside_counts].mean()) if beside_counts.any() else 1.0


def _set_aside_hot_pixels(checked: Checked, channels: tuple[str, ...]) -> Checked:
    hot = np.stack([_hot(plane) for plane in checked.values]) & checked.mask
    if not hot.any() or hot.any(axis=0).mean() > HOT_SHARE:
        return checked
    hot &= ~_grains(checked.values, hot)
    anywhere = hot.any(axis=0)
    if not anywhere.any():
        return checked
    examples = [
        f"{channels[c]} {checked.values[c, y, x]:.0f} at row {y + 1}, column {x + 1}"
        for c, y, x in np.argwhere(hot)[:5]
    ]
    more = int(hot.sum()) - len(examples)
    problem = Problem(
        "warning",
        "; ".join(examples) + (f"; and {more} more" if more > 0 else ""),
        f"{int(anywhere.sum())} single pixels are far brighter than all their neighbours: detector "
        "spikes.",
        "They are set aside as not measured, in all channels; the uploaded files keep their "
        "values.",
    )
    return replace(checked, mask=checked.mask & ~anywhere).adding(problem)


def _hot(plane: NDArray[np.float32]) -> Mask:
    """Single pixels that counting noise cannot lift so far above their brightest neighbour."""
    brightest = ndimage.maximum_filter(plane, footprint=_EIGHT_NEIGHBOURS, mode="constant")
    far = plane > brightest + HOT_SIGMA * np.sqrt(brightest + 1)
    return np.asarray(far & (plane > HOT_TIMES * brightest))


def _grains(values: Stack, hot: Mask) -> Mask:
    """Which `hot` pixels (c, h, w) another element notices too: grains as small as a pixel.

    A detector spike lifts one channel and leaves the others between their neighbours; a grain of
    another mineral also displaces them. A channel that is hot there itself is no witness: spikes
    of the electronics often hit two. Neither is one at the border, where a pixel stands in for the
    neighbours it lacks: spikes gather at the ends of lines.
    """
    displaced = np.zeros(hot.shape, bool)
    for c in range(len(values)):
        low, high = (
            extreme(values[c], footprint=_EIGHT_NEIGHBOURS, mode="nearest")
            for extreme in (ndimage.minimum_filter, ndimage.maximum_filter)
        )
        above = values[c] - high > GRAIN_SIGMA * np.sqrt(high + 1)
        below = low - values[c] > GRAIN_SIGMA * np.sqrt(low + 1)
        displaced[c] = above | below
    return np.asarray(hot & (displaced & ~hot).any(axis=0))


def _clipping(channel: str, plane: NDArray[np.float32], mask: Mask) -> Problem | None:
    top = float(plane.max())
    share = float(((plane == top) & mask).mean())
    if top not in CLIP_LEVELS or share < CLIP_SHARE:
        return None
    return Problem(
        "warning",
        channel,
        f"{share:.1%} of the pixels hold exactly {top:.0f}, the largest number of their format: "
        "brighter places were cut off.",
        "Export the map with more bits per pixel; here these places are too dark.",
    )


def _place(region: Mask) -> str:
    rows, columns = np.flatnonzero(region.any(axis=1)), np.flatnonzero(region.any(axis=0))
    return f"rows {rows[0] + 1} to {rows[-1] + 1}, columns {columns[0] + 1} to {columns[-1] + 1}"
