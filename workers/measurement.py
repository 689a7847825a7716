"""What a reader hands on: one measured map of a specimen, and what was found wrong with it."""

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Severity = Literal["refused", "question", "warning", "note"]
Units = Literal["counts", "wt%", "intensity"]
Content = Literal["maps", "movie", "scan", "volume", "events"]
Sampling = Literal["fine", "binned", "point", "line", "psf"]
MAX_GUIDE_FACTOR = 8  # pixels of a guide along one pixel of the maps


@dataclass(frozen=True)
class Problem:
    """One thing found in a file, in words for the person who brought it."""

    severity: Severity
    where: str  # file, element, row: as exact as known
    what: str  # one sentence: what is wrong
    do: str  # one sentence: what to do about it


@dataclass(frozen=True)
class Measurement:
    """A measured map: `c` elements on one grid of `h` rows and `w` columns.

    `values` is float32 (c, h, w) and 0 where unmeasured; `mask` is bool (h, w), True where
    measured; `guide`, where there is one, is float32 (k·h, k·w), an electron image of exactly the
    same field, k = `guide_factor` times finer (1 to 8). `mask` says nothing of its pixels.
    Facts the files do not state stay None and are asked once.
    """

    channels: tuple[str, ...]
    values: NDArray[np.float32]
    mask: NDArray[np.bool_]
    units: Units
    guide: NDArray[np.float32] | None = None
    pixel_size_um: float | None = None
    dwell_ms: float | None = None
    current_na: float | None = None
    sampling: Sampling | None = None
    content: Content = "maps"  # or a movie, whose frames in their order are the channels
    problems: tuple[Problem, ...] = ()
    provenance: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse a measurement whose parts do not fit each other (ValueError)."""
        if self.values.ndim != 3 or len(self.channels) != self.values.shape[0]:
            raise ValueError(f"{len(self.channels)} channels for values of {self.values.shape}")
        if self.mask.shape != self.values.shape[1:]:
            raise ValueError(f"a mask of {self.mask.shape} for values of {self.values.shape}")
        if self.guide is not None and self.guide_factor is None:
            raise ValueError(f"a guide of {self.guide.shape} for values of {self.values.shape}")
        if self.values.dtype != np.float32 or self.mask.dtype != np.bool_:
            raise ValueError(f"values of {self.values.dtype}, mask of {self.mask.dtype}")

    @property
    def guide_factor(self) -> int | None:
        """How many pixels of the guide lie along one pixel of the maps; None without a guide."""
        return None if self.guide is None else guide_factor(self.guide.shape, self.mask.shape)


def guide_factor(guide: tuple[int, ...], maps: tuple[int, ...]) -> int | None:
    """k where an image of shape `guide` is `maps` (h, w) k = 1 … 8 times on both sides, else None.

    >>> guide_factor((80, 96), (40, 48)), guide_factor((81, 96), (40, 48))
    (2, None)
    """
    factors = range(1, MAX_GUIDE_FACTOR + 1)
    return next((k for k in factors if guide == tuple(k * side for side in maps)), None)
