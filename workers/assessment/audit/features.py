"""Features a run shows, looked for in rescanned windows: how many were not there after all.

Counting noise makes and hides extrema of its own, so only those features are judged whose half
height stands three standard deviations above the noise of the rescan's blob response.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from workers.assessment.blobs import OUTER, REACH, SCALES, gaussian
from workers.assessment.features import HALF, Features, present

Array = NDArray[np.float64]
# (name, row, column, height, width) -> that part of a run's picture, (c, height, width).
Picture = Callable[[str, int, int, int, int], Array]

CLEAR = 3.0  # standard deviations of the rescan's noise that half a feature must stand out
AROUND = int(np.ceil(3 * OUTER * max(SCALES)))  # pixels that a blob's response reaches


@dataclass(frozen=True)
class Judged:
    """Features inside windows that a rescan could decide on: the run's `risk` of each, whether it
    was `absent`, its channel, row and column in fine pixels of the run (`places`, (n, 3)), and the
    `area` looked at, fine pixels times elements."""

    risk: Array
    absent: NDArray[np.bool_]
    places: NDArray[np.int64]
    area: int

    @classmethod
    def of(cls, parts: Sequence["Judged"]) -> "Judged":
        """Several windows as one."""
        return cls(
            np.concatenate([part.risk for part in parts]),
            np.concatenate([part.absent for part in parts]),
            np.concatenate([part.places for part in parts]),
            sum(part.area for part in parts),
        )


def judge_features(
    features: Features,
    risk: Array,
    picture: Picture,
    place: tuple[int, int],
    truth: Array,
    usable: NDArray[np.bool_],
    noise: Array,
) -> Judged:
    """Judge the features of one window.

    `features` and `risk` of the whole run, whose pictures `picture` gives; `truth` (c, s, s): the
    rescan in counts per measured dwell, its first pixel at row and column `place`; `usable`
    (s, s): its pixels that count; `noise` (c,): standard deviation of one of its pixels.
    """
    top, left = place
    y, x = features.y - top, features.x - left
    side, margin = truth.shape[1], REACH + np.ceil(features.scale).astype(np.int64)
    chosen = (y >= margin) & (y < side - margin) & (x >= margin) & (x < side - margin)
    half = HALF * np.abs(features.amplitude)
    chosen &= half >= CLEAR * noise[features.channel] * _response_noise(features.scale)
    asked = features.where(chosen)
    # Around the window the estimate stands in: a blob's response reaches over the border.
    whole = side + 2 * AROUND
    scene = picture("estimate", top - AROUND, left - AROUND, whole, whole)
    inner = scene[:, AROUND : AROUND + side, AROUND : AROUND + side]
    inner[:, usable] = truth[:, usable]
    moved = Features(
        asked.channel, y[chosen] + AROUND, x[chosen] + AROUND, asked.scale, asked.amplitude
    )
    there = present(moved, torch.from_numpy(scene))
    places = np.column_stack([asked.channel, asked.y, asked.x])
    return Judged(risk[chosen], ~there, places, len(truth) * int(usable.sum()))


def _response_noise(scale: Array) -> Array:
    """Standard deviation of the blob response to white noise of deviation 1."""
    found = np.zeros(len(scale))
    for one in np.unique(scale):
        inner, outer = np.array(gaussian(float(one))), np.array(gaussian(OUTER * float(one)))
        wide = np.pad(inner, (len(outer) - len(inner)) // 2)
        kernel = np.outer(wide, wide) - np.outer(outer, outer)
        found[scale == one] = float(np.sqrt((kernel**2).sum()))
    return found
