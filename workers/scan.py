"""A scan of diffraction frames: what a detector counted at many places on a specimen."""

from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from workers.measurement import Content, Problem

Propagation = Literal["far", "near"]
MAX_SIDE = 512  # pixels of a frame
FRAME_TYPES = ("uint8", "uint16", "uint32", "float32")


@dataclass(frozen=True, eq=False)
class DiffractionScan:
    """`n` frames of `s × s` pixels in counts, whatever the file said: zero frequency at [0, 0].

    `positions` float64 `(n, 2)` (row, column) in pixels of the object, whose side is `pixel_nm`
    (None: only pixels are known): λz/(s·p) in the far field, the detector's pixel over the
    magnification in the near field, where `fresnel` is its Fresnel number per pixel. `probe`
    complex64 `(m, s, s)`: modes that do not interfere, centred in the array, their power together
    the mean counts of a frame. `mask` `(s, s)`, True where the detector counts. `index` int64
    `(n,)`, rising: the number of each frame in the scan as it was planned; gaps are dropped
    frames. `variance_factor`: variance over mean of the counts, as neighbouring frames show it.
    `convention`: what the file said of its numbers and what was done to them.
    """

    frames: NDArray[Any]
    positions: NDArray[np.float64]
    index: NDArray[np.int64]
    variance_factor: float
    probe: NDArray[np.complex64] | None = None
    mask: NDArray[np.bool_] | None = None
    pixel_nm: float | None = None
    propagation: Propagation = "far"
    fresnel: float | None = None
    energy_ev: float | None = None
    distance_m: float | None = None
    detector_pixel_um: float | None = None
    convention: dict[str, Any] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    provenance: dict[str, Any] = field(default_factory=dict)

    content: ClassVar[Content] = "scan"

    def __post_init__(self) -> None:
        """Refuse a scan whose parts do not fit each other (ValueError)."""
        count, side = self._frames_fit()
        if self.positions.shape != (count, 2) or self.positions.dtype != np.float64:
            raise ValueError(f"{count} frames at positions {_kind(self.positions)}")
        if not np.isfinite(self.positions).all():
            raise ValueError("positions that are not numbers")
        if self.index.shape != (count,) or (np.diff(self.index) <= 0).any():
            raise ValueError(f"{count} frames, and numbers {_kind(self.index)} that do not rise")
        if not 0 < self.variance_factor < np.inf:
            raise ValueError(f"a variance factor of {self.variance_factor}")
        self._optics_fit(side)

    def _frames_fit(self) -> tuple[int, int]:
        frames = self.frames
        if frames.ndim != 3 or frames.shape[1] != frames.shape[2] or not frames.size:
            raise ValueError(f"frames of {frames.shape}, where (n, s, s) is due")
        if frames.dtype.name not in FRAME_TYPES or frames.shape[1] > MAX_SIDE:
            raise ValueError(f"frames {_kind(frames)}")
        if frames.dtype.kind == "f" and not (frames >= 0).all():
            raise ValueError("frames with counts below 0, or that are not numbers")
        return frames.shape[0], frames.shape[1]

    def _optics_fit(self, side: int) -> None:
        if self.mask is not None and (
            self.mask.shape != (side, side) or self.mask.dtype != np.bool_ or not self.mask.any()
        ):
            raise ValueError(f"a mask {_kind(self.mask)} for frames of {side} × {side}")
        if self.probe is not None and (
            self.probe.ndim != 3
            or self.probe.shape[1:] != (side, side)
            or self.probe.dtype != np.complex64
            or not np.isfinite(self.probe).all()
        ):
            raise ValueError(f"a probe {_kind(self.probe)} for frames of {side} × {side}")
        if self.propagation == "near" and not (self.fresnel or 0) > 0:
            raise ValueError("a near field without its Fresnel number")

    @property
    def side(self) -> int:
        """Pixels along one side of a frame."""
        return int(self.frames.shape[-1])

    @property
    def pixel_size_um(self) -> float | None:
        """Side of an object pixel in µm, as every kind of measurement states it."""
        return None if self.pixel_nm is None else self.pixel_nm / 1000


def _kind(values: NDArray[Any]) -> str:
    return f"{values.dtype} {values.shape}"
