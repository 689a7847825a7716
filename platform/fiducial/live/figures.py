"""Figures of an object that grows: amplitude and phase so far, as a finished scan draws them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fiducial.viewer.scan_pictures import HALF_TURN, MOST, PARTS, Figure, Paint, Ruler, framed

from .queries import Shown

Array = NDArray[Any]


def of_part(seen: Shown, channel: int) -> Figure:
    """The figure of one part: 0 amplitude, 1 phase; nothing is drawn where the beam was not."""
    values = np.asarray(seen.pictures[channel], np.float32)
    paint, step = _paint(values[seen.lit], channel), -(-max(values.shape) // MOST)
    picture = paint.rgba(values[::step, ::step], seen.lit[::step, ::step])
    nm = seen.facts.get("pixel_nm")
    ruler = Ruler(nm, "nm") if nm else Ruler(1.0, "pixels")
    return framed(picture, paint, (values.shape[0], values.shape[1]), ruler)


def figures(seen: Shown) -> dict[str, Figure]:
    """Both, by name."""
    return {name: of_part(seen, channel) for channel, name in enumerate(PARTS)}


def _paint(lit: Array, channel: int) -> Paint:
    low, high = (float(end) for end in np.percentile(lit, (0.5, 99.5))) if lit.size else (0.0, 1.0)
    high = max(high, low + 1e-6)
    if not channel:
        return Paint("cividis", low, high, "amplitude (transmission)")
    # Colours that close up are for phases that do; over a small part of a turn they show nothing.
    if high - low < HALF_TURN:
        return Paint("cividis", low, high, "phase (rad)")
    return Paint("cyclic", -np.pi, np.pi, "phase (rad)")
