"""The slow scan as judge: is a feature of the estimate there, and what did the estimate miss?

The rule is the one a feature's risk is stated for: a feature is present when the other picture
has an extremum of the same sign within 2 pixels and at least half the height. Heights are responses
of the finder's difference of Gaussians (`workers.assessment.blobs`), taken alike from both
pictures, so the slow scan is smoothed by that filter before it judges. Counting noise remains in
it; where it could hide or fake half the height, the answer is "cannot tell".
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

REACH = 2.0  # pixels
SHARE = 0.5  # of the height
DOUBT = 2.0  # standard errors of the slow scan's response below which it cannot tell
CLEAR = 6.0  # standard errors above which a feature of the slow scan is certainly real
STRONG = 0.1  # of the map's range (99.9th percentile): what the finder thinks worth listing
WIDER = 1.6  # ratio of the two Gaussians
BLUR = {"mode": "nearest", "truncate": 3.0}

Picture = NDArray[np.float64]


def response(picture: Picture, scale: float) -> Picture:
    """Height above the surroundings at `scale` pixels, same units and shape (H, W) as `picture`."""
    inner = ndimage.gaussian_filter(picture, scale, **BLUR)
    return inner - ndimage.gaussian_filter(picture, WIDER * scale, **BLUR)


def response_noise(picture: Picture, scale: float, counts_per_unit: float) -> Picture:
    """Standard error of `response` when `picture` holds Poisson counts / `counts_per_unit`."""
    side = 2 * int(np.ceil(4 * WIDER * scale)) + 1
    impulse = np.zeros((side, side))
    impulse[side // 2, side // 2] = 1.0
    gain = np.square(response(impulse, scale)).sum()
    mean = ndimage.gaussian_filter(picture, WIDER * scale, **BLUR)
    # At least one count in the filter's reach: an empty neighbourhood is not free of error.
    floor = 1.0 / (counts_per_unit * np.pi * (WIDER * scale) ** 2)
    return np.sqrt(np.maximum(mean, floor) / counts_per_unit * gain)


@dataclass(frozen=True)
class Judge:
    """Estimate and slow scan of one element, both (H, W) in the units of the run.

    `mask`, bool (H, W), is True where the run had a measurement; nothing is missed elsewhere.
    """

    estimate: Picture
    slow: Picture
    mask: NDArray[np.bool_]
    counts_per_unit: float

    def present(self, y: float, x: float, scale: float) -> bool | None:
        """Whether the estimate's feature at (y, x) is in the slow scan; None if it cannot tell."""
        place = self._nearest(y, x)
        height = response(self.estimate, scale)[place]
        error = response_noise(self.slow, scale, self.counts_per_unit)[place]
        if SHARE * abs(height) < DOUBT * error:
            return None
        return _has(response(self.slow, scale), place, height)

    def misses(self, scale: float) -> tuple[list[tuple[float, int, int, float]], int]:
        """Strong features of the slow scan that the estimate lacks, and how many there are in all.

        Each miss is (standard errors, y, x, height), the clearest first.
        """
        truth = response(self.slow, scale)
        clearness = np.abs(truth) / response_noise(self.slow, scale, self.counts_per_unit)
        strong = np.abs(truth) >= STRONG * np.quantile(self.slow, 0.999)
        peaks = np.argwhere(_extrema(truth) & strong & (clearness > CLEAR) & self.mask)
        shown = response(self.estimate, scale)
        missed = [
            (float(clearness[y, x]), int(y), int(x), float(truth[y, x]))
            for y, x in peaks
            if not _has(shown, (y, x), truth[y, x])
        ]
        return sorted(missed, reverse=True), len(peaks)

    def _nearest(self, y: float, x: float) -> tuple[int, int]:
        height, width = self.estimate.shape
        return min(max(round(y), 0), height - 1), min(max(round(x), 0), width - 1)


def _extrema(values: Picture) -> NDArray[np.bool_]:
    """Pixels above or below all their eight neighbours, on their own side of zero."""
    high = (values == ndimage.maximum_filter(values, 3)) & (values > 0)
    low = (values == ndimage.minimum_filter(values, 3)) & (values < 0)
    return high | low


def _has(values: Picture, place: tuple[int, int], height: float) -> bool:
    """Whether there is an extremum of the sign and SHARE of `height` within REACH of `place`."""
    y, x = place
    edge = int(REACH)
    top, left = max(y - edge - 1, 0), max(x - edge - 1, 0)
    window = values[top : y + edge + 2, left : x + edge + 2] * np.sign(height)
    rows, columns = np.nonzero(_extrema(window) & (window >= SHARE * abs(height)))
    return bool((np.hypot(rows + top - y, columns + left - x) <= REACH).any())
