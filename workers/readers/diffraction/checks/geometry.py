"""Whether rows and columns of places are those of the frames: curl and divergence.

The centre of mass of a frame is the slope of the specimen's phase under the beam (Waddell &
Chapman, Optik 54, 83, 1979). A slope has no curl. Turn the places against the frames, swap them
or turn one
axis round, and it has one. The ratio of mean squared curl to divergence is near 0 for the right
axes and about 1, or more, for wrong ones; noise alone gives 1. (Savitzky et al., Microsc.
Microanal. 27, 712, 2021, turn until it is least.) Half a turn changes neither: it is the twin image
with the other sign of defocus.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

NEIGHBOURS = 30  # through which a plane is laid: fewer leave more noise, more blur the specimen
LEAST_FRAMES = 64
TELLS = 0.45  # a ratio above this, at its best, is noise
TOLERANCE = 12.0  # degrees; two measured scans are known to 1 and 5
MIRRORED_BY = 2.0  # so many times smaller must the ratio of mirrored axes be


class Geometry(NamedTuple):
    """`ratio` of curl² to divergence² as the places stand; `best`, at the angle that is best.

    `angle` degrees, −90 to 90, by which frames are turned against places; `mirrored` whether an
    axis must be swapped or reversed besides.
    """

    ratio: float
    best: float
    angle: float
    mirrored: bool

    @property
    def tells(self) -> bool:
        """Whether the specimen shows at all which axes are right."""
        return self.best < TELLS

    @property
    def right(self) -> bool:
        """Whether the axes are right as they stand; only where `tells`."""
        return not self.mirrored and abs(self.angle) < TOLERANCE

    @property
    def fault(self) -> str:
        """What is wrong, in words, where it is not `right`."""
        if not self.mirrored:
            return f"the places are turned by {abs(self.angle):.0f}° against the frames"
        if abs(self.angle) < TOLERANCE:
            return "rows and columns of the places are swapped against those of the frames"
        if abs(self.angle) > 90 - TOLERANCE:
            return "one axis of the places, rows or columns, runs the other way than in the frames"
        return f"the places are mirrored, and turned by {abs(self.angle):.0f}°, against the frames"


def centres_of_mass(frames: NDArray[Any]) -> NDArray[np.float64]:
    """Of counts with zero frequency at [0, 0], in pixels from there: `(n, 2)` (row, column)."""
    found = np.empty((len(frames), 2))
    total = np.maximum(frames.sum(axis=(1, 2), dtype=np.float64), 1e-12)
    for axis in (0, 1):
        side = frames.shape[1 + axis]
        along = np.fft.fftfreq(side, 1 / side)
        found[:, axis] = frames.sum(axis=2 - axis, dtype=np.float64) @ along / total
    return found


def geometry_of(centres: NDArray[np.float64], positions: NDArray[np.float64]) -> Geometry | None:
    """The test above on centres `(n, 2)` at positions `(n, 2)`; None for too few, or on a line."""
    if len(positions) < LEAST_FRAMES:
        return None
    slopes = _slopes(centres, positions)
    if len(slopes) < LEAST_FRAMES // 2:
        return None
    plain, mirrored = _least(slopes), _least(slopes[:, :, ::-1])
    is_mirrored = mirrored[1] * MIRRORED_BY < plain[1]
    best = mirrored if is_mirrored else plain
    return Geometry(_ratio(*_sums(slopes), 0.0), best[1], best[0], is_mirrored)


def _slopes(centres: NDArray[np.float64], positions: NDArray[np.float64]) -> NDArray[np.float64]:
    """∂ centre[j] / ∂ position[i], `(k, 2, 2)`, by planes through neighbours."""
    count = min(NEIGHBOURS + 1, len(positions))
    near = cKDTree(positions).query(positions, count)[1]
    at = positions[near] - positions[near].mean(axis=1, keepdims=True)
    values = centres[near] - centres[near].mean(axis=1, keepdims=True)
    normal = np.einsum("nki,nkj->nij", at, at)
    spread = np.linalg.eigvalsh(normal)
    flat = spread[:, 0] > 0.02 * spread[:, 1]
    slopes: NDArray[np.float64] = np.linalg.solve(
        normal[flat], np.einsum("nki,nkj->nij", at[flat], values[flat])
    )
    return slopes


def _sums(slopes: NDArray[np.float64]) -> tuple[float, float, float]:
    divergence = slopes[:, 0, 0] + slopes[:, 1, 1]
    curl = slopes[:, 0, 1] - slopes[:, 1, 0]
    products = ((curl**2).mean(), (divergence**2).mean(), (curl * divergence).mean())
    return float(products[0]), float(products[1]), float(products[2])


def _ratio(curl: float, divergence: float, both: float, angle: float) -> float:
    """The ratio after turning by `angle` radians, which mixes curl and divergence."""
    c, s = np.cos(angle), np.sin(angle)
    turned = c * c * curl + s * s * divergence - 2 * c * s * both
    other = c * c * divergence + s * s * curl + 2 * c * s * both
    return float(turned / max(other, 1e-300))


def _least(slopes: NDArray[np.float64]) -> tuple[float, float]:
    """The angle in degrees that is best, and the ratio there."""
    curl, divergence, both = _sums(slopes)
    angle = 0.5 * np.arctan2(2 * both, divergence - curl)
    return float(np.degrees(angle)), _ratio(curl, divergence, both, float(angle))
