"""Features of a picture, and whether another picture has them too.

A feature is an extremum of a difference of Gaussians. It is *present* in another picture when
that has an extremum of the same sign and scale within 2 pixels with at least half the amplitude.
Everything called a feature risk is the probability of its absence from the truth in this sense.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from workers.assessment.blobs import SCALES, blob_response, extrema, strongest_within_reach

HALF = 0.5
_CANDIDATE_SAMPLES = 4


@dataclass(frozen=True)
class Features:
    """A table: one entry per feature in every array.

    channel : index of the map; y, x : place, fine pixels; scale : sigma of the inner Gaussian,
    fine pixels; amplitude : the blob response there, counts, negative for a dark feature.
    """

    channel: NDArray[np.int64]
    y: NDArray[np.int64]
    x: NDArray[np.int64]
    scale: NDArray[np.float64]
    amplitude: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.channel)

    def where(self, chosen: NDArray[Any]) -> "Features":
        """The features that a boolean mask, or an array of indices, picks."""
        return Features(**{f.name: getattr(self, f.name)[chosen] for f in fields(self)})

    def columns(self) -> Mapping[str, NDArray[Any]]:
        """The arrays by name, as a table is stored."""
        return {f.name: getattr(self, f.name) for f in fields(self)}


def join(parts: list[Features]) -> Features:
    joined = {f.name: np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(Features)}
    return Features(**joined)


class Peaks:
    """The extrema of one channel of a picture at every scale; made once, asked often."""

    def __init__(self, image: Tensor, scales: tuple[float, ...] = SCALES) -> None:
        """`image`: `(H, W)`, counts."""
        self._heights = {s: extrema(blob_response(image, s)) for s in scales}

    def strength(self, features: Features) -> NDArray[np.float64]:
        """Amplitude of the strongest extremum of a feature's sign and scale within 2 pixels."""
        answer = np.zeros(len(features))
        y, x = torch.from_numpy(features.y), torch.from_numpy(features.x)
        for scale, heights in self._heights.items():
            for sign in (1.0, -1.0):
                chosen = (features.scale == scale) & (np.sign(features.amplitude) == sign)
                if chosen.any():
                    pick = torch.from_numpy(chosen)
                    near = strongest_within_reach(sign * heights, y[pick], x[pick])
                    answer[chosen] = near.double().numpy()
        return answer

    def has(self, features: Features) -> NDArray[np.bool_]:
        """Whether each feature is present here: same sign, within 2 pixels, half as strong."""
        return np.asarray(self.strength(features) >= HALF * np.abs(features.amplitude))

    def find(self, channel: int, least: float, mask: Tensor | None) -> Features:
        """The features of at least amplitude `least`, each once, as entries of `channel`."""
        least = max(least, float(np.finfo(np.float32).tiny))
        parts = []
        for scale, heights in self._heights.items():
            found = heights.abs() >= least
            if mask is not None:
                found &= mask
            y, x = (index.numpy() for index in torch.nonzero(found, as_tuple=True))
            parts.append(
                Features(
                    channel=np.full(len(y), channel, dtype=np.int64),
                    y=y,
                    x=x,
                    scale=np.full(len(y), float(scale)),
                    amplitude=heights[found].double().numpy(),
                )
            )
        return self._once(join(parts))

    def _once(self, found: Features) -> Features:
        """Without those that a stronger one of the same sign, at any scale, lies on.

        A blob answers at neighbouring scales; it is listed where it is strongest.
        """
        strongest = np.zeros(len(found))
        for scale in self._heights:
            elsewhere = Features(
                found.channel, found.y, found.x, np.full(len(found), scale), found.amplitude
            )
            strongest = np.maximum(strongest, self.strength(elsewhere))
        return found.where(np.abs(found.amplitude) >= strongest)


def find_features(image: Tensor, least: Tensor, mask: Tensor | None = None) -> Features:
    """The features of `image` (c, H, W) with an amplitude of at least `least` (c,), counts.

    `mask` (H, W): only there. A blob seen at several scales is listed once, at its strongest.
    """
    return join([Peaks(one).find(c, float(least[c]), mask) for c, one in enumerate(image)])


def present(features: Features, image: Tensor) -> NDArray[np.bool_]:
    """Whether `image` (c, H, W) has each feature: same sign, within 2 pixels, half as strong."""
    answer = np.zeros(len(features), dtype=bool)
    for c in np.unique(features.channel):
        chosen = features.channel == c
        answer[chosen] = Peaks(image[int(c)]).has(features.where(chosen))
    return answer
