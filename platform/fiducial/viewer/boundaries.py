"""How wide the boundary under a profile is, over the posterior samples, in one sentence."""

import math

import numpy as np
from numpy.typing import NDArray

from workers.assessment.answers.intervals import Factors, widths
from workers.assessment.answers.profile import LEAST_FIT, Line, Point, fit_steps
from workers.store import RunStore

from .export import fine_pixel_um

SHORTEST, LONGEST = 6, 512  # pixels
NO_STEP = "There is no single step along this line, so it has no width."
BROADENED = "The instrument's own broadening is in it: in the specimen it may be narrower."


def width_words(store: RunStore, channel: int, start: Point, end: Point) -> str:
    """The width of the step from `start` to `end` (row, column in fine pixels), or why none."""
    line = Line(start, end)
    if not SHORTEST <= line.length <= LONGEST:
        return f"The width of a boundary takes a line of {SHORTEST} to {LONGEST} pixels."
    if not _measured(store, line):
        return "The line leaves what was measured, so the width of a boundary is not asked for."
    profiles = [_read(store, f"samples/{k}", channel, line) for k in range(store.samples)]
    steps = fit_steps(line.along, np.stack(profiles))
    if len(profiles) < 2 or np.median(steps.fit) < LEAST_FIT:
        return NO_STEP
    fitted = store.summary.get("answers", {}).get("calibration")
    value, lower, upper = widths(steps, Factors.from_card(fitted) if fitted else None)
    pixel_um = fine_pixel_um(store)
    unit, size = ("µm", pixel_um) if pixel_um else ("pixels", 1.0)
    kind = "90 % interval" if fitted else "5 to 95 % of the samples, not calibrated:"
    measured_pixel = store.shape[0] / store.measured_shape[0]
    if value < measured_pixel or lower < 1:
        return (
            f"The boundary is sharper than this map can tell: from 10 to 90 % of the step in at "
            f"most {upper * size:.2g} {unit}."
        )
    return (
        f"From 10 to 90 % of the step in {value * size:.2g} {unit} "
        f"({kind} {lower * size:.2g} to {upper * size:.2g}). {BROADENED}"
    )


def _measured(store: RunStore, line: Line) -> bool:
    step = store.shape[0] // store.measured_shape[0]
    rows, columns = (line.points // step).astype(int)
    inside = (rows >= 0) & (columns >= 0)
    inside &= (rows < store.measured_shape[0]) & (columns < store.measured_shape[1])
    if not inside.all():
        return False
    mask = np.asarray(store.image("mask")[rows.min() : rows.max() + 1])
    return bool(mask[rows - rows.min(), columns].all())


def _read(store: RunStore, image: str, channel: int, line: Line) -> NDArray[np.float64]:
    """The picture along the line; reads only around it."""
    y0, x0 = (max(0, math.floor(at.min()) - 1) for at in line.points)
    y1, x1 = (math.ceil(at.max()) + 2 for at in line.points)
    return line.read(store.window(image, channel, y0, x0, y1 - y0, x1 - x0), (y0, x0))
