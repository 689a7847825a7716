"""What a diffraction file holds, in its own convention, before anything was turned or scaled."""

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from workers.measurement import Problem

Values = Literal["counts", "amplitude"]
Zero = Literal["corner", "middle"]
Unit = Literal["px", "m"]


@dataclass(frozen=True, eq=False)
class Found:
    """`frames` `(n, h, w)` as the file keeps them; None is what it does not say.

    `positions` `(k, 2)` (row, column) in `unit`; `index` `(n,)` which of them each frame has, where
    the file numbers its frames. `probe` complex `(m, h, w)`, centred. `pixel_m` is the side of an
    object pixel. `extra` are facts worth keeping as they are.
    """

    format: str
    frames: NDArray[Any]
    positions: NDArray[np.float64] | None = None
    unit: Unit | None = None
    index: NDArray[np.int64] | None = None
    probe: NDArray[np.complex64] | None = None
    mask: NDArray[np.bool_] | None = None
    values: Values | None = None
    zero: Zero | None = None
    wavelength_m: float | None = None
    energy_ev: float | None = None
    distance_m: float | None = None
    detector_pixel_m: float | None = None
    pixel_m: float | None = None
    extra: dict[str, Any] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
