"""Where rescanned windows came to lie: stages drift, and files get mixed up.

A shift is judged by what the first measurement itself says: the rescan, averaged over measured
pixels, has to look like the measured counts. No estimate takes part, so that no network can pull
the truth towards what it has drawn.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from workers.assessment.audit.windows import Window

Array = NDArray[np.float64]
Shift = tuple[int, int]  # rows and columns, fine pixels

WANDER = 1.0  # fine pixels by which one window may stray from the common shift, as a deviation
ALIKE = 0.5  # correlation from which a window is at its place
AGREES = 2.0  # misfit up to which a window without any structure is


class NotFound(ValueError):
    """Windows that do not look like the map; the message is a sentence for a person."""


@dataclass(frozen=True)
class Field:
    """The first measurement: `counts` (c, h, w), `mask` (h, w), `factors` (c,) variance over mean;
    `points`: every measured pixel saw only the first fine pixel of its block."""

    counts: Array
    mask: NDArray[np.bool_]
    factors: Array
    factor: int
    points: bool = False


@dataclass(frozen=True)
class Found:
    """Where each window lies, relative to where it should: `shifts` in the order of the windows,
    `common` that of all together; `correlation` and `misfit` (1: counting noise) of each;
    `dwell_ratio`: how many times the measured dwell the rescan has."""

    dwell_ratio: float
    common: Shift
    shifts: tuple[Shift, ...]
    correlation: tuple[float, ...]
    misfit: tuple[float, ...]


def reach(factor: int) -> int:
    """How far a window is looked for, fine pixels: one measured pixel, at least three."""
    return max(3, factor)


def _dwell_ratio(field: Field, windows: Sequence[Window], rescans: Sequence[Array]) -> float:
    """Counts per pixel of the rescan over those of the map, where the windows should lie."""
    here = float(np.sum([field.counts[:, *w.part()].sum() / w.size**2 for w in windows]))
    there = float(np.sum([z.sum() / z[0].size for z in rescans]))
    if here <= 0 or there <= 0:
        raise NotFound("The rescanned windows, or the map at their places, hold no counts at all.")
    return there / here


def register(field: Field, windows: Sequence[Window], rescans: Sequence[Array]) -> Found:
    """Find `rescans`, counts (c, size·f, size·f) of the field's elements, around their windows.

    All windows together give the common shift (the stage's); each may then stray a little where
    its own counts say so. Raises NotFound naming the windows that are not where they should be.
    """
    ratio = _dwell_ratio(field, windows, rescans)
    far = reach(field.factor)
    offsets = [(dy, dx) for dy in range(-far, far + 1) for dx in range(-far, far + 1)]
    losses = np.stack(
        [_losses(field, w, z, ratio, far) for w, z in zip(windows, rescans, strict=True)]
    )
    common = offsets[int(losses.sum(0).argmin())]
    away = np.array([(dy - common[0]) ** 2 + (dx - common[1]) ** 2 for dy, dx in offsets])
    shifts = [offsets[int(loss.argmin())] for loss in losses + away / (2 * WANDER**2)]
    found = list(zip(windows, rescans, shifts, strict=True))
    first = [_compare(field, w, z, ratio, shift) for w, z, shift in found]
    # Windows that had moved showed other places: now the dwell is told by the very same pixels.
    measured, seen = (
        sum(sums) for sums in zip(*((c.measured, c.seen) for c in first), strict=True)
    )
    ratio *= seen / measured if measured > 0 and seen > 0 else 1.0
    compared = [_compare(field, w, z, ratio, shift) for w, z, shift in found]
    answer = Found(
        ratio,
        common,
        tuple(shifts),
        tuple(one.correlation for one in compared),
        tuple(one.misfit for one in compared),
    )
    _refuse_strangers(answer)
    return answer


def _losses(field: Field, window: Window, rescan: Array, ratio: float, far: int) -> Array:
    """−log P(rescan | map) for every shift up to `far`, row by row, up to a constant.

    The map is drawn through between its pixels, so that every shift is judged on every count of
    the rescan. It lacks the detail: what it fits worse than counting noise is an error that the
    pixels of a block have in common, and weighs that much less.
    """
    side, f = rescan.shape[1] + 2 * far, field.factor
    centre = 0.0 if field.points else (f - 1) / 2
    first = (window.row * f - far, window.column * f - far)
    at = np.meshgrid(*((start + np.arange(side) - centre) / f for start in first), indexing="ij")
    drawn = np.stack(
        [ndimage.map_coordinates(v, at, order=1, mode="nearest") for v in field.counts]
    )
    views = np.lib.stride_tricks.sliding_window_view(drawn, rescan.shape[1:], (1, 2))
    moved = np.moveaxis(views, 0, 2)  # (rows, columns, c, side, side) of the shifts
    noise = field.factors[:, None, None] * (ratio * field.counts.mean((1, 2))[:, None, None] + 1)
    misfit = np.square(rescan - ratio * moved) / noise
    total = misfit.sum((2, 3, 4)).ravel()
    detail = max(0.0, float(total.min()) / rescan.size - 1)
    return np.asarray(total / (2 * (1 + detail * f * f)))


@dataclass(frozen=True)
class _Comparison:
    misfit: float  # χ² per value
    correlation: float
    measured: float  # sums over the same places, counts per measured dwell
    seen: float


def _compare(
    field: Field, window: Window, rescan: Array, ratio: float, shift: Shift
) -> _Comparison:
    """The map beside the averages of a rescan of `ratio` times its dwell, were it at `shift`."""
    f = field.factor
    rows, columns = (
        _whole(first, window.size, moved, f, side)
        for first, moved, side in zip(
            (window.row, window.column), shift, field.mask.shape, strict=True
        )
    )
    at = (slice(rows.first, rows.last), slice(columns.first, columns.last))
    inner = rescan[:, rows.skip : rows.skip + rows.count * f, columns.skip :]
    inner = inner[:, :, : columns.count * f]
    blocks = inner.reshape(len(inner), rows.count, f, columns.count, f)
    seen = (blocks[:, :, 0, :, 0] if field.points else blocks.mean((2, 4))) / ratio
    inside = field.mask[at]
    measured, seen = field.counts[:, *at][:, inside], seen[:, inside]
    if measured.size == 0:
        return _Comparison(np.inf, 0.0, 0.0, 0.0)
    averaged = 1 if field.points else f * f
    noise = field.factors[:, None] * (1 + 1 / (ratio * averaged)) * (measured + seen + 1) / 2
    misfit = float(np.mean((measured - seen) ** 2 / noise))
    centre = field.counts[:, field.mask].mean(1)[:, None]
    spread = field.counts[:, field.mask].std(1)[:, None] + 1e-9
    a, b = ((values - centre) / spread for values in (measured, seen))
    length = float(np.sqrt((a * a).sum() * (b * b).sum()))
    correlation = float((a * b).sum()) / length if length else 0.0
    return _Comparison(misfit, correlation, float(measured.sum()), float(seen.sum()))


@dataclass(frozen=True)
class _Run:
    """Measured pixels, along one axis, that a moved window covers whole; `skip` fine pixels of the
    window come before them."""

    first: int
    last: int
    skip: int

    @property
    def count(self) -> int:
        return max(0, self.last - self.first)


def _whole(first: int, size: int, moved: int, factor: int, side: int) -> _Run:
    start = first * factor + moved
    begin = max(-(-start // factor), 0)
    end = min((start + size * factor) // factor, side)
    return _Run(begin, max(begin, end), begin * factor - start)


def _refuse_strangers(found: Found) -> None:
    strange = [
        number
        for number, (alike, misfit) in enumerate(
            zip(found.correlation, found.misfit, strict=True), start=1
        )
        if alike < ALIKE and misfit > AGREES
    ]
    if not strange:
        return
    numbers = ", ".join(map(str, strange))
    plural, verb = ("s", "do") if len(strange) > 1 else ("", "does")
    raise NotFound(
        f"Window{plural} {numbers} {verb} not look like the map at the place of the stage list "
        f"(correlation {min(found.correlation[n - 1] for n in strange):.2f}). Was the stage "
        "elsewhere, the field turned or mirrored, or the order of the windows another? Nothing "
        "was judged."
    )
