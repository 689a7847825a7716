"""How many counts an element gives: from its composition, or from a quick scan of it.

Sensitivities and backgrounds were measured on the standards of one microprobe (American Museum of
Natural History, wavelength-dispersive, 40 nA, 15 ms; counts inside each standard's mask against
its wt%; `tests/assessment/test_brightness.py` measures them again). Another instrument can differ
by a factor of several.
"""

from math import sqrt

from workers.assessment.planning import Element

# Counts per second, nanoampere and wt%; median over the standards that hold the element.
SENSITIVITY = {"Ca": 7.69, "Fe": 5.09, "Mg": 14.0, "Ni": 5.04, "S": 3.51, "Si": 16.9, "Ti": 21.5}
# Counts per second and nanoampere on standards without the element; median over them.
BACKGROUND = {
    "Al": 0.75, "Ca": 0.51, "Cr": 9.7, "Fe": 0.94, "Mg": 0.23, "Ni": 1.4, "P": 2.2, "S": 0.02,
    "Si": 1.3, "Ti": 6.0,
}  # fmt: skip
USUAL_SENSITIVITY, USUAL_BACKGROUND = 7.7, 1.1  # the medians of the two tables
# Standard deviation of an element over a map, as a share of its mean, counting noise removed:
# the median over the 50 element maps of five rocks of two laboratories (a tenth of them lie
# below 0.28, a tenth above 1.9).
CONTRAST = 0.8
LEVELS = {"major": 20.0, "minor": 3.0, "trace": 0.3}  # wt%: above 10, 1 to 10, below 1


def of_composition(
    symbol: str, percent: float, spread: float | None = None, sensitivity: float | None = None
) -> Element:
    """An element of `percent` wt%, mean over the field, and `spread` wt%, its deviation there."""
    per_percent = sensitivity or SENSITIVITY.get(symbol, USUAL_SENSITIVITY)
    background = BACKGROUND.get(symbol, USUAL_BACKGROUND)
    contrast = CONTRAST * percent if spread is None else spread
    rate = background + per_percent * percent
    return Element(symbol, rate, per_percent * contrast, per_percent)


def of_quick_scan(
    symbol: str, counts: float, deviation: float | None, dwell_ms: float, current_na: float
) -> Element:
    """An element whose quick map has `counts` per pixel, mean, and this standard deviation.

    What counting added to the deviation is taken off it. Raises ValueError with a sentence where
    nothing is left.
    """
    exposure = current_na * dwell_ms / 1000
    if deviation is None:
        return Element(symbol, counts / exposure, CONTRAST * counts / exposure, None)
    variance = deviation**2 - counts
    if variance <= 0:
        raise ValueError(
            f"A deviation of {deviation:g} around {counts:g} counts is no more than counting noise "
            f"(√{counts:g} = {sqrt(counts):.1f}): the quick scan shows nothing of {symbol}. Leave "
            f"the deviation away to plan with a usual one."
        )
    return Element(symbol, counts / exposure, sqrt(variance) / exposure, None)
