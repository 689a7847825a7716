"""Whether a map looks like those its claims were calibrated on.

The Mahalanobis distance of what a network made of a map, from what it made of its training scenes
(Lee et al. 2018), with the covariance of Ledoit and Wolf (2004). It only ever withdraws a claim:
a foreign material can look familiar, and silence is no evidence of safety.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from workers.networks.cellnet import CellNet
from workers.physics import LinearForwardModel
from workers.posteriors.cells import prepare, see

Array = NDArray[np.float64]

SIDE = 128  # fine pixels along the piece of a map that is looked at as one, and at most
CELLS = 32  # so many cells of the network
MOST_PIECES = 9


@dataclass(frozen=True)
class Familiar:
    """What training scenes looked like to a network: descriptors' `mean` (d,) and `precision`.

    `limit`: the distance of a specimen above which claims are withdrawn.
    """

    mean: Array
    precision: Array  # (d, d)
    limit: float

    def distance(self, descriptors: Array) -> Array:
        """Squared Mahalanobis distance over d, `(..., d) -> (...)`; about 1 where all is known."""
        away = descriptors - self.mean
        return np.asarray(((away @ self.precision) * away).sum(axis=-1) / away.shape[-1])

    def tensors(self) -> Mapping[str, Tensor]:
        """For a safetensors file, float32."""
        both = {"mean": self.mean, "precision": self.precision}
        return {key: torch.from_numpy(each.astype(np.float32)) for key, each in both.items()}


def fit_familiar(descriptors: Array, limit: float = float("inf")) -> Familiar:
    """From descriptors of training scenes `(n, d)`."""
    mean = descriptors.mean(axis=0)
    precision = np.linalg.inv(ledoit_wolf(descriptors))
    return Familiar(mean, np.asarray(precision, np.float64), limit)


def ledoit_wolf(values: Array) -> Array:
    """Covariance of `values` (n, d) shrunk towards a multiple of the identity, `(d, d)`.

    Ledoit and Wolf 2004, "A well-conditioned estimator for large-dimensional covariance matrices",
    J. Multivariate Analysis 88, equations 8 to 14: the weight with the least expected squared
    error, estimated from the same values.
    """
    n, d = values.shape
    centred = values - values.mean(axis=0)
    sample = centred.T @ centred / n
    level = np.trace(sample) / d
    spread = np.square(sample - level * np.eye(d)).sum() / d
    fourth = np.square(np.square(centred).sum(axis=1)).sum() / n
    error = min((fourth - np.square(sample).sum()) / n / d, spread)
    weight = error / spread if spread > 0 else 1.0
    return np.asarray(weight * level * np.eye(d) + (1 - weight) * sample)


@torch.inference_mode()
def describe(
    net: CellNet, y: Tensor, forward: LinearForwardModel, variance_factor: Tensor
) -> Array:
    """Descriptors of pieces of a map `y` (e, h, w), counts: `(pieces, e, d)`.

    Of every feature of the trunk the mean over a piece and the logarithm of its scatter there:
    which textures the network met, and how lively they are.
    """
    found = []
    for piece in pieces(y, forward):
        cells = prepare(piece[None], forward, variance_factor[None, :, None, None])
        features = see(net, cells).features[0].double()  # (e, width, rows, columns)
        scatter = features.std(dim=(-2, -1)).clamp_min(1e-6).log()
        found.append(torch.cat([features.mean(dim=(-2, -1)), scatter], dim=-1).numpy())
    return np.stack(found)


def piece_side(forward: LinearForwardModel) -> int:
    """Measured pixels along a piece; the cells of a fine map are pairs of them."""
    return min(SIDE // forward.factor, CELLS * (2 if forward.name == "fine" else 1))


def pieces(y: Tensor, forward: LinearForwardModel) -> Iterator[Tensor]:
    """At most nine pieces, evenly over the map; the whole if it is small."""
    side = piece_side(forward)
    height, width = (size - size % 2 for size in y.shape[-2:])  # a fine map is seen in pairs
    per_axis = int(MOST_PIECES**0.5)
    for top in _starts(height, side, per_axis):
        for left in _starts(width, side, per_axis):
            yield y[:, top : min(top + side, height), left : min(left + side, width)]


def _starts(size: int, side: int, most: int) -> list[int]:
    count = min(max(size // side, 1), most)
    last = max(size - side, 0)
    # Even, so that pairs of rows stay pairs.
    return sorted({round(at) // 2 * 2 for at in np.linspace(0, last, count)})
