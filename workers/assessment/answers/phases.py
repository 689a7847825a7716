"""What a phase is: a centre among the pixels; a pixel belongs to the phase it is nearest to."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Labels = NDArray[np.uint8]

ROWS = 256  # sorted at once


@dataclass(frozen=True)
class Phases:
    """What each phase looks like: `centres` (p, c) counts; `scale` (c,) counts, one unit apart."""

    centres: Array
    scale: Array

    def __len__(self) -> int:
        return len(self.centres)

    def assign(self, x: NDArray[np.floating]) -> Labels:
        """The phase whose centre each pixel of `x` (c, H, W) is nearest to, `(H, W)`."""
        centres = self.centres / self.scale
        offset = 0.5 * np.square(centres).sum(axis=1)[:, None, None]
        weights = (centres / self.scale).astype(np.float32)
        labels = np.empty(x.shape[1:], np.uint8)
        for top in range(0, len(labels), ROWS):
            # |x − m|² is least where x·m − |m|²/2 is most.
            closeness = np.tensordot(weights, x[:, top : top + ROWS], axes=1) - offset
            labels[top : top + ROWS] = closeness.argmax(axis=0)
        return labels
