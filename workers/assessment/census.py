"""One pass over posterior samples: which shown features they lack, which they have besides."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from workers.assessment.blobs import strongest_within_reach
from workers.assessment.features import Features, Peaks, find_features, join

PROPOSERS = 4
MOST_SAMPLES = 64  # one bit each


@dataclass(frozen=True)
class Counted:
    """Features, how many of `samples` lack each, and the number of samples asked.

    `presence`: bit k is set where sample k, counted from 0 over all that were drawn, has it.
    """

    features: Features
    absent: NDArray[np.int64]
    samples: int
    presence: NDArray[np.uint64]


class FeatureCensus:
    """Asks every posterior sample about the features of the shown image, and for others.

    Missed features are those that samples have and the shown image has not. The first four
    samples propose them and only the later ones are counted, so that no sample is asked about
    its own proposal.
    """

    def __init__(self, shown: Tensor, least: Tensor, mask: Tensor | None = None) -> None:
        """`shown` (c, H, W), counts; `least` (c,): smallest amplitude; `mask` (H, W)."""
        self._shown, self._least, self._mask = shown, least, mask
        self.features = find_features(shown, least, mask)
        self._absent = np.zeros(len(self.features), dtype=np.int64)
        self._presence = np.zeros(len(self.features), dtype=np.uint64)
        self._proposals: list[Features] = []
        self._proposed: Features | None = None
        self._unconfirmed = np.zeros(0, dtype=np.int64)
        self._confirmed = np.zeros(0, dtype=np.uint64)
        self._samples = 0

    def add(self, sample: Tensor) -> None:
        """Count one posterior sample `(c, H, W)`, counts; ValueError after the 64th."""
        if self._samples == MOST_SAMPLES:
            raise ValueError(f"Features are asked of at most {MOST_SAMPLES} samples.")
        bit = np.uint64(1 << self._samples)
        proposing = self._samples < PROPOSERS
        if not proposing and self._proposed is None:
            self._proposed = self._merged()
            self._unconfirmed = np.zeros(len(self._proposed), dtype=np.int64)
            self._confirmed = np.zeros(len(self._proposed), dtype=np.uint64)
        for c, image in enumerate(sample):
            peaks = Peaks(image)
            ours = self.features.channel == c
            here = peaks.has(self.features.where(ours))
            self._absent[ours] += ~here
            self._presence[ours] |= bit * here
            if proposing:
                found = peaks.find(c, float(self._least[c]), self._mask)
                self._proposals.append(found.where(~Peaks(self._shown[c]).has(found)))
            elif self._proposed is not None:
                theirs = self._proposed.channel == c
                there = peaks.has(self._proposed.where(theirs))
                self._unconfirmed[theirs] += ~there
                self._confirmed[theirs] |= bit * there
        self._samples += 1

    def _merged(self) -> Features:
        """The proposals, those within 2 pixels of a stronger one left out."""
        proposals = join(self._proposals)
        shape = self._shown.shape[-2:]
        kept = []
        for c in range(len(self._shown)):
            ours = proposals.where(proposals.channel == c)
            kept.append(ours.where(_strongest(ours, (int(shape[0]), int(shape[1])))))
        return join(kept)

    def shown(self) -> Counted:
        """The features of the shown image and how many samples lack them."""
        return Counted(self.features, self._absent, self._samples, self._presence)

    def missed(self) -> Counted:
        """Features absent from the shown image. ValueError after fewer than five samples."""
        if self._proposed is None:
            raise ValueError(
                f"Missed features need more than {PROPOSERS} samples; there were {self._samples}."
            )
        asked = self._samples - PROPOSERS
        return Counted(self._proposed, self._unconfirmed, asked, self._confirmed)


def _strongest(features: Features, shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Which features of one channel have no stronger one of their sign within 2 pixels."""
    kept = np.zeros(len(features), dtype=bool)
    for sign in (1.0, -1.0):
        chosen = np.sign(features.amplitude) == sign
        heights = torch.zeros(shape, dtype=torch.float64)
        y, x = torch.from_numpy(features.y[chosen]), torch.from_numpy(features.x[chosen])
        size = torch.from_numpy(np.abs(features.amplitude[chosen]))
        heights.view(-1).scatter_reduce_(0, y * shape[1] + x, size, reduce="amax")
        highest = strongest_within_reach(heights, y, x)
        kept[chosen] = (size >= highest).numpy()
    # Two samples may propose the very same extremum.
    candidates = np.flatnonzero(kept)
    place = np.stack([features.y, features.x, np.sign(features.amplitude).astype(np.int64)])
    _, first = np.unique(place[:, candidates], axis=1, return_index=True)
    kept[:] = False
    kept[candidates[first]] = True
    return kept
