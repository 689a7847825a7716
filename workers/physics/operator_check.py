"""Does the way a map is said to have been sampled fit the map itself?

The consistency layer makes any estimate agree with y through whatever operator was chosen, so
that agreement says nothing about the choice. The power spectrum of y does: block averages lose
power near the sampling limit in both directions, a line sweep in one, a point sample folds all of
it back, a beam loses more. For every operator a stationary picture of the specimen (power law,
with its own blur) is sent through that operator, aliases and counting noise included, fitted to
the periodogram of y and judged by Whittle's deviance over its expectation: a chi-square per
operator that is about 1 for the right one.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workers.physics.cells import CellModel
from workers.physics.psf import PsfModel
from workers.physics.spectrum import GridModel, fit_specimen

OPERATORS = ("binned", "point", "line", "psf")
WORDS = {
    "binned": "block averages",
    "point": "point samples",
    "line": "a beam swept along the line",
    "psf": "a broad beam",
}
# On three real specimens (obj1, khufai-b3, sk401; x2 and x4; each operator in turn, at the dwell of
# the fine map) the right operator was never more than 0.008 above the best of the four. A margin
# of 0.02 notices a broad beam wrongly claimed (17 of 18) and points or lines taken for blocks
# (7 of 12); blocks taken for points stay unnoticed (0 of 6).
SUSPICIOUS = 0.02

_LOWEST = 0.15  # cycles per measured pixel; below, pictures differ more than operators do
_SMALLEST_SIDE = 24


@dataclass(frozen=True)
class OperatorCheck:
    """`chi2` per operator name, about 1 where the operator fits; the sentence is for a person."""

    chi2: dict[str, float]
    suspicious: bool
    sentence: str


@lru_cache(maxsize=16)
def _model(name: str, factor: int) -> GridModel:
    return PsfModel(factor) if name == "psf" else CellModel(name, factor)


def operator_check(
    name: str,
    factor: int,
    y: NDArray[np.floating[Any]],
    variance_factor: NDArray[np.floating[Any]],
    mask: NDArray[np.bool_] | None = None,
) -> OperatorCheck:
    """Judge the operator `name` at `factor` against the others, from the measured map alone.

    `y`: counts `(c, h, w)`; `variance_factor`: `(c,)`; `mask`: `(h, w)`, True where measured.
    Channels without detail above their counting noise say nothing and are left out.
    """
    if factor == 1:
        return OperatorCheck({}, False, "Every pixel was measured: there is no choice to check.")
    if mask is None:
        mask = np.ones(y.shape[-2:], dtype=bool)
    if min(y.shape[-2:]) < _SMALLEST_SIDE or mask.mean() < 0.5:
        return OperatorCheck(
            {}, False, "The map is too small to tell from it how the beam sampled it."
        )
    values, factors = y.astype(np.float64), variance_factor.astype(np.float64)
    models = {other: _model(other, factor) for other in OPERATORS}
    fits = {
        other: [
            fit_specimen(model, one, float(phi), mask, _LOWEST)
            for one, phi in zip(values, factors, strict=True)
        ]
        for other, model in models.items()
    }
    if not any(fits[name]):
        return OperatorCheck(
            {}, False, "Counting noise hides the detail that would tell how the beam sampled it."
        )
    chi2 = {
        other: float(np.mean([fit.chi2 for fit in found if fit is not None]))
        for other, found in fits.items()
    }
    best = min(chi2, key=lambda other: chi2[other])
    suspicious = chi2[name] > chi2[best] + SUSPICIOUS
    return OperatorCheck(chi2, suspicious, _sentence(name, best, chi2, suspicious))


def _sentence(name: str, best: str, chi2: dict[str, float], suspicious: bool) -> str:
    if suspicious:
        return (
            f"The map does not look like {WORDS[name]} (χ² {chi2[name]:.2f}); "
            f"{WORDS[best]} would fit better (χ² {chi2[best]:.2f}). "
            "Check how the beam moved before trusting the detail."
        )
    rivals = [o for o in chi2 if o != name and chi2[o] <= chi2[name] + SUSPICIOUS]
    if rivals:
        also = " or ".join(WORDS[o] for o in rivals)
        return f"The map fits {WORDS[name]} (χ² {chi2[name]:.2f}), but {also} would fit as well."
    return f"The map fits {WORDS[name]} (χ² {chi2[name]:.2f}) and no other way of sampling."
