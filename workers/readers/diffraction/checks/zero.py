"""Where zero frequency lies in a frame: where the counts are."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

BEYOND_DOUBT = 3.0  # times as many counts about the one place as about the other


class Centre(NamedTuple):
    """Shares of the counts within a quarter of the frame about its corner and about its middle.

    `at` is the middle of mass on the torus, in pixels from the corner (row, column).
    """

    corner: float
    middle: float
    at: tuple[float, float]

    @property
    def place(self) -> str | None:
        """ "corner" or "middle" where the data decide, else None."""
        if self.corner > BEYOND_DOUBT * self.middle:
            return "corner"
        return "middle" if self.middle > BEYOND_DOUBT * self.corner else None


def centre_of(mean: NDArray[np.float64]) -> Centre:
    """Of a mean frame `(h, w)`: counts, not amplitudes."""
    shares = []
    for shifted in (False, True):
        away = np.zeros(mean.shape)
        for axis, side in enumerate(mean.shape):
            along = np.arange(side) - (side // 2 if shifted else 0)
            wrapped = (along + side // 2) % side - side // 2
            away = away + np.expand_dims((wrapped / side) ** 2, 1 - axis)
        shares.append(float(mean[away < 0.25**2].sum() / mean.sum()))
    at = []
    for axis, side in enumerate(mean.shape):
        wave = np.exp(2j * np.pi * np.arange(side) / side)
        turn = np.angle((mean.sum(axis=1 - axis) * wave).sum())
        at.append(float(turn / (2 * np.pi) * side % side))
    return Centre(shares[0], shares[1], (at[0], at[1]))
