"""Units of length in the spellings of microscopes."""

import math
from typing import Any

_IN_UM = {  # casefolded: the micro sign becomes the Greek letter, the Ångström sign the letter
    "m": 1e6,
    "mm": 1e3,
    "μm": 1.0,
    "um": 1.0,
    "nm": 1e-3,
    "å": 1e-4,
    "angstrom": 1e-4,
    "pm": 1e-6,
}


def in_um(step: float, unit: Any) -> float | None:
    """`step` of that unit in µm; None where that is no length above 0.

    >>> in_um(0.5, "nm"), in_um(0.5, "1/nm")
    (0.0005, None)
    """
    factor = _IN_UM.get(unit.strip().casefold()) if isinstance(unit, str) else None
    if factor is None:
        return None
    length = abs(step) * factor
    return length if 0 < length < math.inf else None
