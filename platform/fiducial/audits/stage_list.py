"""The list a stage is driven by: where each window lies, in pixels and in micrometres."""

import csv
import io

from . import words
from .models import Placement

FACTORS = (1, 2, 4, 8)  # how much finer than the map a rescan may be
COLUMNS = (
    *("window", "use", "row", "column", "rows", "columns"),
    *("x_um", "y_um", "width_um", "height_um", "step_um"),
)


def usual_factor(placement: Placement) -> int:
    """How much finer a rescan usually is: a short-dwell map is scanned again on its own grid."""
    return 1 if placement.measurement.summary.get("sampling") == "fine" else 4


def text(placement: Placement, factor: int) -> str:
    """The list as CSV for a rescan `factor` times finer than the map.

    Rows and columns count fine pixels from 0; x and y are micrometres from the first pixel's
    corner of the map to that of the window, empty where the pixel size was not stated.
    """
    measured_um = placement.measurement.summary.get("pixel_size_um")
    step = measured_um / factor if measured_um else None
    written = io.StringIO()
    lines = csv.writer(written, lineterminator="\r\n")
    lines.writerow(COLUMNS)
    for number, window in enumerate(placement.places, start=1):
        rows, columns = window.part(factor)
        place = (rows.start, columns.start, rows.stop - rows.start, columns.stop - columns.start)
        lengths = (columns.start, rows.start, place[3], place[2], 1)
        micrometres = [round(n * step, 4) if step else "" for n in lengths]
        lines.writerow([number, words.use(placement, number), *place, *micrometres])
    return written.getvalue()
