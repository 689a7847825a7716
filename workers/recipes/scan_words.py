"""What a run on a diffraction scan says in sentences."""

import math
from typing import Any

from workers.assessment.diffraction.spread import WIDENING

FEW = 20
MISSED = 1.5  # times the noise: further than that a model does not explain frames left out
UNBELIEVED = 3.0  # times the noise: further than that nothing of the object is to be believed

NO_PROBE = (
    "The file holds no probe, and a near field does not show one: add a probe to the file, "
    "complex and as large as a frame."
)

WIDENED = (
    f"Spreads of samples were scaled, of the amplitude by {WIDENING[0]:g} and of the phase by "
    f"{WIDENING[1]:g}: that is what held nine of ten pixels of a drawn scan whose truth is known. "
    "Scans of few frames need more, most of all for the phase."
)


def too_few(frames: int) -> str:
    return (
        f"{frames} frames are too few: an object and its probe are only told apart where frames "
        f"overlap, which takes at least {FEW}."
    )


def verdict(summary: dict[str, Any]) -> list[str]:
    """The sentences on top of a result, the most important first."""
    return [
        *_of_doubt(summary),
        _of_resolution(summary),
        _of_fit(summary),
        _of_probe(summary),
        _of_first(summary),
        WIDENED,
        _of_features(summary),
        _of_next(summary),
    ]


def _of_doubt(summary: dict[str, Any]) -> list[str]:
    """Where frames do not show the object, or it misses nearly all of them: that comes first."""
    ratio, alike = summary["held_out"]["ratio"], summary["held_out"]["mean_frame"]
    if ratio >= alike:
        return [
            "Do not believe this object: frames that were left out are missed "
            f"{ratio:.2f} times as far as noise would, and only {alike:.2f} times if each is "
            "taken for the mean of all. Counts are too few, or probe, places or optics are wrong."
        ]
    if ratio > UNBELIEVED:
        return [
            "Do not believe this object: the model misses frames that were left out "
            f"{ratio:.1f} times as far as noise would. Its probe, its places or its optics are "
            "wrong."
        ]
    return []


def _of_resolution(summary: dict[str, Any]) -> str:
    period, nm = summary["resolution"]["period_px"], summary["pixel_nm"]
    if not math.isfinite(period):
        return "The two halves of the frames agree on no detail at all: do not believe the object."
    size = f" ({period * nm:.3g} nm)" if nm else ""
    return f"Two halves of the frames agree on detail down to a period of {period:.1f} px{size}."


def _of_fit(summary: dict[str, Any]) -> str:
    held = summary["held_out"]
    said = (
        f"Frames that were left out are missed {held['ratio']:.1f} times as far as counting "
        "noise alone would."
    )
    if held["ratio"] > MISSED:
        return said + " More modes, corrected places or a better probe may explain them."
    return said + " The model explains them."


def _of_probe(summary: dict[str, Any]) -> str:
    first, where = summary["modes"][0], summary["probe_from"]
    return f"The first mode of the probe holds {first:.0%} of its power; it started from {where}."


def _of_first(summary: dict[str, Any]) -> str:
    solver, network = summary["misfit"]["first"], summary["misfit"]["network"]
    if network is None:
        return "The first picture was the solver's: the network reads only other frames."
    whose = "network" if network < solver else "solver"
    return (
        f"The first picture was the {whose}'s, as it missed the counts less (squared amplitude "
        f"error: network {network:.4f}, solver {solver:.4f})."
    )


def _of_features(summary: dict[str, Any]) -> str:
    features = summary["features"]
    return (
        f"{features['count']} features are shown in amplitude and phase; {features['high_risk']} "
        "of them are more likely absent than there."
    )


def _of_next(summary: dict[str, Any]) -> str:
    gain = summary["next"]["gain"]
    return f"Twelve more frames where it is least sure would take away {gain:.0%} of the variance."
