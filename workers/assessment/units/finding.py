"""Where units lie in frames, how frames drift, and which unit is which in the next."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, optimize, spatial

Array = NDArray[np.float64]
Frames = NDArray[np.float32]

BLURRED = 0.5  # pixels of a patch: what lies between them is averaged, not skipped
PROMINENT = 3.0  # robust standard deviations of the smoothed frame, for a column to be one
STANDS_OUT = 5.0  # the same, for the brightest feature: of 100 frames of noise none has that
STEEP = 5.5  # scales of a Rayleigh distribution: one pixel of four million is that steep by noise
MOST_A_FRAME = 2000
REACH = 0.35  # of a window: a unit moves less from one frame to the next


@dataclass(frozen=True)
class Found:
    """n units: `place` (n, 2) as x and y in pixels, `frame` (n,), `track` (n,): which are one."""

    place: Array
    frame: NDArray[np.int64]
    track: NDArray[np.int64]


def find(frames: Frames, what: str, window: float) -> Found:
    """The units of frames `(t, h, w)`.

    what : "columns" (every bright one), "walls" (points along edges between domains), "brightest"
    (the brightest feature of each frame) or "places" (side by side over the area that all frames
    show); window : side of a patch, pixels. Units whose patch would leave the frame are left out.
    """
    if what == "places":
        return _places(drift(frames), frames.shape[1:], window)
    finder = {"brightest": _brightest, "columns": columns, "walls": walls}[what]
    places = [finder(frame, window) for frame in frames]
    places = [
        _inside(each, frame.shape, window) for each, frame in zip(places, frames, strict=True)
    ]
    tracks = (
        [np.zeros(len(each), np.int64) for each in places]
        if what == "brightest"
        else link(places, drift(frames), REACH * window)
    )
    frame = [np.full(len(each), t) for t, each in enumerate(places)]
    return Found(np.concatenate(places), np.concatenate(frame), np.concatenate(tracks))


def _places(drifts: Array, shape: tuple[int, ...], window: float) -> Found:
    """Places of the sample, not of the frame: each moves with the drift `(t, 2)`."""
    height, width = shape
    low = np.maximum(0, -drifts.min(axis=0)) + window / 2 - 0.5
    high = np.array([width, height]) - np.maximum(0, drifts.max(axis=0)) - window / 2 - 0.5
    step = max(window, np.sqrt(height * width / MOST_A_FRAME))
    if (high < low).any():
        return Found(np.empty((0, 2)), np.empty(0, np.int64), np.empty(0, np.int64))
    across, down = (np.arange(a, b + 1e-6, step) for a, b in zip(low, high, strict=True))
    still = np.stack(np.meshgrid(across, down), axis=-1).reshape(-1, 2)
    count = len(drifts)
    return Found(
        (still + drifts[:, None]).reshape(-1, 2),
        np.repeat(np.arange(count), len(still)),
        np.tile(np.arange(len(still)), count),
    )


def columns(frame: NDArray[np.float32], window: float) -> Array:
    """Places `(n, 2)` of bright columns, x and y, below the pixel; the brightest 2000."""
    width = max(1.0, window / 24)
    smooth = ndimage.gaussian_filter(frame.astype(float), width)
    ground = ndimage.gaussian_filter(frame.astype(float), window / 4)
    above = smooth - ground
    spread = 1.4826 * np.median(np.abs(above - np.median(above)))
    peaks = (above == ndimage.maximum_filter(above, size=2 * round(1.5 * width) + 1)) & (
        above > PROMINENT * spread
    )
    row, column = np.nonzero(peaks)
    brightest = np.argsort(-above[row, column])[:MOST_A_FRAME]
    return np.array([_centred(above, row[k], column[k]) for k in brightest]).reshape(-1, 2)


def walls(frame: NDArray[np.float32], window: float) -> Array:
    """Places `(n, 2)` where the frame is steepest, x and y, half a window apart along a wall."""
    steep = ndimage.gaussian_gradient_magnitude(frame.astype(float), max(1.0, window / 12))
    usual = np.median(steep) / np.sqrt(2 * np.log(2))  # steepness of noise is Rayleigh distributed
    apart = 2 * round(window / 4) + 1
    peaks = (steep == ndimage.maximum_filter(steep, size=apart)) & (steep > STEEP * usual)
    row, column = np.nonzero(peaks)
    steepest = np.argsort(-steep[row, column])[:MOST_A_FRAME]
    return np.array([_centred(steep, row[k], column[k]) for k in steepest]).reshape(-1, 2)


def _brightest(frame: NDArray[np.float32], window: float) -> Array:
    """The middle of what is brightest over a third of a window; none where nothing stands out."""
    smooth = ndimage.gaussian_filter(frame.astype(float), window / 6)
    margin = int(np.ceil(window / 2))
    inner = smooth[margin:-margin, margin:-margin]
    if inner.size == 0:
        return np.empty((0, 2))
    middle = np.median(smooth)
    spread = 1.4826 * np.median(np.abs(smooth - middle))
    if inner.max() - middle <= STANDS_OUT * spread:
        return np.empty((0, 2))
    row, column = np.unravel_index(inner.argmax(), inner.shape)
    return _centred(smooth, int(row) + margin, int(column) + margin)[None]


def _centred(image: Array, row: int, column: int) -> Array:
    """A maximum below the pixel: the top of a parabola through it and its neighbours, x and y."""
    height, width = image.shape
    place = []
    for along, size, values in ((column, width, image[row]), (row, height, image[:, column])):
        offset = 0.0
        if 0 < along < size - 1:
            left, middle, right = values[along - 1 : along + 2]
            bend = left - 2 * middle + right
            offset = 0.5 * (left - right) / bend if bend < 0 else 0.0
        place.append(along + float(np.clip(offset, -0.5, 0.5)))
    return np.array(place)


def _inside(places: Array, shape: tuple[int, ...], window: float) -> Array:
    half, size = window / 2, np.array(shape[::-1])
    return places[((places >= half - 0.5) & (places <= size - half - 0.5)).all(axis=1)]


def drift(frames: Frames) -> Array:
    """By how much each frame is displaced from the first, x and y in pixels `(t, 2)`.

    Phase correlation of neighbours, summed up; to the pixel, which is all that linking needs.
    """
    height, width = frames.shape[1:]
    taper = np.hanning(height)[:, None] * np.hanning(width)
    spectra = [np.fft.rfft2((frame - frame.mean()) * taper) for frame in frames]
    steps = [np.zeros(2)]
    for before, after in pairwise(spectra):
        cross = after * before.conj()
        agreement = np.fft.irfft2(cross / np.abs(cross).clip(1e-12), s=(height, width))
        agreement = ndimage.gaussian_filter(agreement, 1.0, mode="wrap")
        row, column = np.unravel_index(agreement.argmax(), agreement.shape)
        steps.append(
            np.array(
                [
                    column - width * (column > width / 2),
                    row - height * (row > height / 2),
                ],
                float,
            )
        )
    return np.cumsum(steps, axis=0)


def link(places: Sequence[Array], drifts: Array, reach: float) -> list[NDArray[np.int64]]:
    """Which units of successive frames are one: track numbers, one array for each frame.

    The pairs nearest in sum, none further apart than `reach` pixels once drift is taken off
    (Jonker and Volgenant's assignment); a unit that finds no partner begins a track.
    """
    tracks: list[NDArray[np.int64]] = []
    count = 0
    last_place, last_track = np.empty((0, 2)), np.empty(0, np.int64)
    for place, moved in zip(places, drifts, strict=True):
        still = place - moved
        mine = np.full(len(place), -1)
        if len(last_place) and len(still):
            apart = spatial.distance.cdist(last_place, still)
            before, now = optimize.linear_sum_assignment(np.minimum(apart, 2 * reach))
            near = apart[before, now] <= reach
            mine[now[near]] = last_track[before[near]]
        new = mine < 0
        mine[new] = count + np.arange(int(new.sum()))
        count += int(new.sum())
        tracks.append(mine)
        last_place, last_track = still, mine
    return tracks


def cut(frames: Frames, found: Found, window: float, side: int) -> NDArray[np.float32]:
    """Patches `(n, side, side)` about units, resampled from `window` pixels; 0 to 1 over all."""
    step = window / side
    offsets = ((np.arange(side) + 0.5) / side - 0.5) * window
    patches = np.empty((len(found.frame), side, side))
    for t in np.unique(found.frame):
        smooth = ndimage.gaussian_filter(frames[t].astype(float), BLURRED * step)
        for n in np.flatnonzero(found.frame == t):
            x, y = found.place[n]
            rows, columns_ = np.meshgrid(y + offsets, x + offsets, indexing="ij")
            patches[n] = ndimage.map_coordinates(smooth, [rows, columns_], order=1, mode="nearest")
    low, high = np.quantile(patches, [0.001, 0.999])
    return np.asarray((patches - low) / max(high - low, 1e-12), np.float32)
