"""A rocking curve of Bragg diffraction: one crystal, turned step by step, counted in three axes."""

from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from workers.measurement import Content, Problem
from workers.scan import FRAME_TYPES, MAX_SIDE


@dataclass(frozen=True, eq=False)
class Volume:
    """`n` frames of `h × w` detector pixels in counts, in the order in which the crystal turned.

    Nothing is shifted or cropped. `mask` `(h, w)` is True where the detector counts. Lengths and
    angles that nobody stated stay None: then only pixels are known.
    """

    frames: NDArray[Any]
    mask: NDArray[np.bool_] | None = None
    step_deg: float | None = None
    energy_ev: float | None = None
    distance_m: float | None = None
    detector_pixel_um: float | None = None
    convention: dict[str, Any] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    provenance: dict[str, Any] = field(default_factory=dict)

    content: ClassVar[Content] = "volume"
    pixel_size_um: ClassVar[None] = None  # of the crystal: no file has stated the whole geometry

    def __post_init__(self) -> None:
        """Refuse a volume whose parts do not fit each other (ValueError)."""
        frames = self.frames
        if frames.ndim != 3 or not frames.size or max(frames.shape[1:]) > MAX_SIDE:
            raise ValueError(f"a volume of {frames.shape}")
        if frames.dtype.name not in FRAME_TYPES:
            raise ValueError(f"a volume of {frames.dtype}")
        if frames.dtype.kind == "f" and not (frames >= 0).all():
            raise ValueError("a volume with counts below 0, or that are not numbers")
        if self.mask is not None and (
            self.mask.shape != frames.shape[1:] or self.mask.dtype != np.bool_
        ):
            raise ValueError(f"a mask of {self.mask.shape} for frames of {frames.shape[1:]}")
