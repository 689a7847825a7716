"""Counts, wt% or something else: what the numbers of a map are, and whether Poisson holds."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from workers.measurement import Problem, Units
from workers.readers.contents import Layer
from workers.readers.dispersion import dispersion

POISSON_AT_MOST = 1.8  # variance over mean in the flattest channel; raw counts give 0.7 to 1.3
_WHERE = "all channels"


def is_whole(values: NDArray[np.float32]) -> bool:
    """Whether all numbers of a plane are whole."""
    known = values[np.isfinite(values)]
    return bool(np.array_equal(known, np.rint(known)))


def decide(layers: Sequence[Layer], names_are_oxides: bool) -> tuple[Units, list[Problem], bool]:
    """(units, problems, whether a person must decide) for the element maps of one measurement."""
    stated = {layer.units for layer in layers}
    if len(stated) == 1 and (units := stated.pop()) is not None:
        return units, ([] if units == "counts" else [_no_poisson(units)]), False
    if all(is_whole(layer.values) for layer in layers):
        if any((layer.values < 0).any() for layer in layers):
            return "intensity", [_no_poisson("intensity")], False
        return _whole_numbers(layers)
    if _like_weight_percent(layers):
        if names_are_oxides:
            return "wt%", [_no_poisson("wt%")], False
        return "wt%", [_asked("wt%"), _no_poisson("wt%")], True
    return "intensity", [_asked("processed intensities")], True


def as_told(layers: Sequence[Layer], units: Units) -> list[Problem]:
    """What to say when a person has chosen the units."""
    if units != "counts":
        return [_no_poisson(units)]
    if all(is_whole(layer.values) for layer in layers):
        return []
    return [
        Problem(
            "warning",
            _WHERE,
            "The values are called counts but are not whole numbers.",
            "Counting noise is computed as if they were counts; choose “intensity” if they were "
            "scaled or averaged.",
        )
    ]


def _whole_numbers(layers: Sequence[Layer]) -> tuple[Units, list[Problem], bool]:
    ratios = []
    for layer in layers:
        mask = np.isfinite(layer.values)
        if mask.any() and layer.values[mask].mean() > 0.2:
            ratios.append(dispersion(np.where(mask, layer.values, 0), mask))
    known = [ratio for ratio in ratios if np.isfinite(ratio)]
    if not known or min(known) <= POISSON_AT_MOST:
        return "counts", [], False
    return (
        "intensity",
        [
            Problem(
                "warning",
                _WHERE,
                "These are whole numbers, but their noise is not that of counts: variance over "
                f"mean is {min(known):.1f} in the flattest channel, where counts give 1. They "
                "were probably processed, and Poisson statistics do not hold for them.",
                "Upload the raw counts (in AZtec: window integrals, not TruMap). If these are raw "
                "counts of a strongly textured field, choose “counts”.",
            )
        ],
        False,
    )


def _like_weight_percent(layers: Sequence[Layer]) -> bool:
    shapes = {layer.values.shape for layer in layers}
    if len(shapes) != 1:
        return False
    total = np.nansum(np.stack([layer.values for layer in layers]), axis=0)
    largest = max(float(np.nanmax(layer.values, initial=0)) for layer in layers)
    return bool(largest <= 105 and 10 < np.median(total) <= 130)


def _no_poisson(units: Units) -> Problem:
    what = "concentrations (wt%)" if units == "wt%" else "processed intensities"
    return Problem(
        "warning",
        _WHERE,
        f"The values are {what}, not counts, so counting statistics do not hold for them.",
        "Upload the raw counts to have errors and intervals that mean what they say.",
    )


def _asked(guess: str) -> Problem:
    return Problem(
        "question",
        _WHERE,
        f"The files do not say what their numbers are; they look like {guess}.",
        "Choose counts, wt% or intensity.",
    )
