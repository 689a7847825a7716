"""What a reader hands on: one measured map of a specimen, and what was found wrong with it."""

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Severity = Literal["refused", "question", "warning", "note"]
Units = Literal["counts", "wt%", "intensity"]
Sampling = Literal["fine", "binned", "point", "line", "psf"]


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
    measured; `guide`, where there is one, is float32 (h, w), an electron image of the same field.
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
    problems: tuple[Problem, ...] = ()
    provenance: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse a measurement whose parts do not fit each other (ValueError)."""
        if self.values.ndim != 3 or len(self.channels) != self.values.shape[0]:
            raise ValueError(f"{len(self.channels)} channels for values of {self.values.shape}")
        if self.mask.shape != self.values.shape[1:]:
            raise ValueError(f"a mask of {self.mask.shape} for values of {self.values.shape}")
        if self.guide is not None and self.guide.shape != self.mask.shape:
            raise ValueError(f"a guide of {self.guide.shape} for values of {self.values.shape}")
        if self.values.dtype != np.float32 or self.mask.dtype != np.bool_:
            raise ValueError(f"values of {self.values.dtype}, mask of {self.mask.dtype}")
