"""The classical descriptor of units, without any training: the rival of a learned latent.

On rings around the middle of a patch the magnitudes of angular harmonics do not change when it
turns, and their phases turn with it. Principal components of the magnitudes describe a unit,
a Gaussian mixture of them names classes.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from sklearn.decomposition import PCA
from sklearn.metrics import silhouette_score
from sklearn.mixture import GaussianMixture

Array = NDArray[np.float64]

ANGLES = 48  # samples of a ring
HARMONICS = 9  # 0 to 8
MOST_TURNS = 7  # orders of rotational symmetry below that
COMPONENTS = 6
MOST_CLASSES = 6
LEAST_MEMBERS = 5  # patches for each class that is looked for
APART = 0.5  # silhouette below which there is one class
STARTS = 10


@dataclass(frozen=True)
class Descriptor:
    """values : (n, COMPONENTS or fewer); harmonics : complex (n, rings, HARMONICS)."""

    values: Array
    harmonics: NDArray[np.complex128]

    def angle(self, order: int) -> Array:
        """Angles `(n,)` modulo 2π/order, radians from x to y: the phase of the harmonic `order`.

        Rings count by how strong that harmonic is on them and in which direction of the plane the
        patches agree: their phases are aligned to the strongest ring's.
        """
        rings = self.harmonics[:, :, order]
        strongest = int(np.abs(rings).mean(axis=0).argmax())
        lag = (rings * rings[:, strongest : strongest + 1].conj()).mean(axis=0)
        together = (rings * lag.conj()).sum(axis=1)
        return np.asarray(-np.angle(together) / order)

    def order(self) -> int:
        """The angular harmonic that is strongest over all rings and patches, from 1 to 6."""
        strength = np.abs(self.harmonics[:, :, 1:MOST_TURNS]).mean(axis=0)
        wide = np.sqrt(np.arange(1.0, len(strength) + 1))
        return 1 + int((strength * wide[:, None]).sum(axis=0).argmax())


def describe(patches: NDArray[np.float32]) -> Descriptor:
    """The descriptor of patches `(n, p, p)`."""
    side = patches.shape[-1]
    radii = np.arange(1.0, side / 2 - 0.5)
    turn = np.arange(ANGLES) * (2 * np.pi / ANGLES)
    middle = (side - 1) / 2
    rows = middle + radii[:, None] * np.sin(turn)
    columns = middle + radii[:, None] * np.cos(turn)
    polar = np.stack([ndimage.map_coordinates(p, [rows, columns], order=1) for p in patches])
    harmonics = np.fft.rfft(polar.astype(np.float64), axis=2)[:, :, :HARMONICS] / ANGLES
    # A wide ring has more pixels, so its harmonics have less noise: weights make it alike on all.
    magnitudes = (np.abs(harmonics) * np.sqrt(radii)[:, None]).reshape(len(patches), -1)
    count = min(COMPONENTS, len(patches) - 1, magnitudes.shape[1])
    values = (
        PCA(count, random_state=0).fit_transform(magnitudes) if count > 0 else magnitudes[:, :0]
    )
    return Descriptor(values, harmonics)


def classes(values: Array, count: int | None, seed: int) -> NDArray[np.int64]:
    """Classes `(n,)` of descriptors (n, d) by a Gaussian mixture, the largest first.

    Without a `count` as many as lie furthest apart (silhouette, Rousseeuw 1987), and one where none
    do. An information criterion would split every class along what varies in it.
    """
    most = min(MOST_CLASSES, len(values) // LEAST_MEMBERS)
    counts = [count] if count else list(range(2, most + 1))
    found = [_mixture(values, k, seed) for k in counts]
    if count:
        return found[0]
    apart = [_apart(values, labels) for labels in found]
    if not apart or max(apart) < APART:
        return np.zeros(len(values), np.int64)
    return found[int(np.argmax(apart))]


def _apart(values: Array, labels: NDArray[np.int64]) -> float:
    few = np.random.default_rng(0).permutation(len(values))[:1000]
    alone = len(np.unique(labels[few])) < 2
    return -1.0 if alone else float(silhouette_score(values[few], labels[few]))


def _mixture(values: Array, count: int, seed: int) -> NDArray[np.int64]:
    # One covariance for all: with one each, a class is soon two halves of what varies in it.
    mixture = GaussianMixture(count, covariance_type="tied", n_init=STARTS, random_state=seed)
    _, places, sizes = np.unique(
        mixture.fit(values).predict(values), return_inverse=True, return_counts=True
    )
    rank = np.empty(len(sizes), np.int64)
    rank[np.argsort(-sizes, kind="stable")] = np.arange(len(sizes))
    return np.asarray(rank[places])
