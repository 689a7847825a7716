"""What audit windows allow to be said: half of them set the width, the others tell what it holds.

Windows are the unit, never pixels. The widened interval is not promised to hold: the windows that
set no width count what it holds, and because they were drawn at random that count, with the
interval of a mean over windows, is a statement about the whole map. A promise without the second
half (conformal risk control over n windows) would take nine for each ten per cent allowed and then
be so wide that it says little: with sixteen windows it covers 96 % to promise 90.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from workers.assessment.audit.counts import LEVEL, NOMINAL

Array = NDArray[np.float64]

FEWEST = 8  # windows, four for each half: with fewer the interval of a mean says nothing
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Share:
    """A share counted on windows, and the 95 % interval of that share over the whole map.

    The interval is Student's: too short where a rare phase that no window met behaves otherwise.
    """

    value: float
    low: float
    high: float

    @classmethod
    def over(cls, windows: Array) -> "Share":
        """From the share in each window `(n,)`: Student's interval of their mean, within 0 to 1."""
        value, count = float(windows.mean()), len(windows)
        error = float(windows.std(ddof=1)) / count**0.5
        reach = float(special.stdtrit(count - 1, 0.5 + CONFIDENCE / 2)) * error
        return cls(value, max(0.0, value - reach), min(1.0, value + reach))


@dataclass(frozen=True)
class Claim:
    """Of one element, or of all: what its 90 % interval held as the run shows it (`shown`, on all
    windows), how many times as wide it has to be (`widening`, from the calibrating ones), and what
    it then held on the auditing ones (`widened`)."""

    shown: Share
    widening: float
    widened: Share


def halves(count: int) -> tuple[slice, slice]:
    """Which windows of a list calibrate and which audit: in turn, so that any first part of the
    list serves. The order of a list is random."""
    return slice(0, count, 2), slice(1, count, 2)


def claims(windows: Sequence[Array]) -> tuple[Claim, list[Claim]]:
    """The claim for all elements together and the claim of each, from `counts.scores` (c, pixels)
    of every window in the order of its list.

    Every window has one vote, however many of its pixels lie inside the map. Raises ValueError
    with fewer than eight windows.
    """
    if len(windows) < FEWEST:
        raise ValueError(f"A claim takes {FEWEST} audit windows; there are {len(windows)}.")
    calibrating, auditing = halves(len(windows))
    widths = [_width([w[c] for w in windows[calibrating]]) for c in range(len(windows[0]))]
    shown = _held(windows, [NOMINAL] * len(widths))  # no window has set this width
    widened = _held(windows[auditing], widths)
    each = [
        Claim(Share.over(shown[:, c]), width / NOMINAL, Share.over(widened[:, c]))
        for c, width in enumerate(widths)
    ]
    all_together = Claim(
        Share.over(shown.mean(1)),
        float(np.exp(np.mean([np.log(one.widening) for one in each]))),
        Share.over(widened.mean(1)),
    )
    return all_together, each


def _width(windows: Sequence[Array]) -> float:
    """The score within which the mean over windows of the share of pixels is the level."""
    values = np.concatenate(windows)
    votes = np.concatenate([np.full(len(w), 1 / len(w)) for w in windows]) / len(windows)
    order = np.argsort(values)
    return float(values[order][np.searchsorted(np.cumsum(votes[order]), LEVEL)])


def _held(windows: Sequence[Array], widths: Sequence[float]) -> Array:
    """Share of pixels within `widths` (c,) of each window and element, `(n, c)`."""
    limit = np.asarray(widths)[:, None]
    return np.stack([(window <= limit).mean(1) for window in windows])
