"""Modes and compositions of the phases in every posterior sample, as samples arrive."""

import numpy as np
from numpy.typing import NDArray

from workers.assessment.answers.phases import Array, Labels, Phases

Maps = NDArray[np.floating]
Mask = NDArray[np.bool_]


def modes(labels: Labels, mask: Mask, count: int) -> Array:
    """Share of the measured area that each of `count` phases has, `(p,)`; they sum to 1."""
    return np.bincount(labels[mask], minlength=count) / max(int(mask.sum()), 1)


def compositions(x: Maps, labels: Labels, mask: Mask, absent: Array) -> Array:
    """Mean of `x` (c, H, W) over each phase, `(p, c)`; that of `absent` for one without a pixel."""
    inside = labels[mask]
    size = np.bincount(inside, minlength=len(absent))[:, None]
    sums = [np.bincount(inside, plane[mask], minlength=len(absent)) for plane in x]
    return np.where(size > 0, np.stack(sums, axis=1) / size.clip(1), absent)


class Tally:
    """One pass over posterior samples: how large each phase is in each, and what it is made of.

    `estimate` and `std` (c, H, W), counts; `mask` (H, W), where the map was measured. `spread`
    (p, c): the mean posterior deviation of a pixel of each phase.
    """

    def __init__(self, phases: Phases, estimate: Maps, std: Maps, mask: Mask) -> None:
        self.phases, self._mask = phases, mask
        overall = np.broadcast_to(std[:, mask].mean(axis=1), phases.centres.shape)
        self.spread = compositions(std, phases.assign(estimate), mask, overall)
        self._seen = np.zeros((len(phases), *mask.shape), np.uint8)
        self._modes: list[Array] = []
        self._compositions: list[Array] = []

    def add(self, sample: Maps) -> None:
        """Count one more posterior sample (c, H, W)."""
        labels = self.phases.assign(sample)
        for phase in range(len(self.phases)):
            self._seen[phase] += labels == phase
        self._modes.append(modes(labels, self._mask, len(self.phases)))
        self._compositions.append(compositions(sample, labels, self._mask, self.phases.centres))

    @property
    def modes(self) -> Array:
        """Of every sample, `(k, p)`."""
        return np.stack(self._modes)

    @property
    def compositions(self) -> Array:
        """Of every sample, counts, `(k, p, c)`; a sample that lacks a phase has its centre."""
        return np.stack(self._compositions)

    def probability(self) -> NDArray[np.float32]:
        """How often each pixel belongs to each phase, `(p, H, W)`; 0 where unmeasured."""
        return (self._seen * self._mask / np.float32(len(self._modes))).astype(np.float32)

    def doubt(self) -> Array:
        """Share of the area on which samples disagree about a phase, `(p,)`; one pixel more."""
        share = self.probability()[:, self._mask]
        return np.asarray(((share * (1 - share)).sum(axis=1, dtype=float) + 1) / share.shape[1])
