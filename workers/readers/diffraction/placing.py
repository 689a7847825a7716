"""Places of frames: which belongs to which, in pixels of the object, along the frames' axes."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from workers.readers.diffraction.checks import geometry, overlap
from workers.readers.diffraction.found import Found
from workers.readers.diffraction.heard import Heard
from workers.readers.problems import refusal

UNITS_M = {"m": 1.0, "um": 1e-6, "nm": 1e-9}
NAMES = {"px": "pixels", "m": "metres", "um": "micrometres", "nm": "nanometres"}


def matched(found: Found, heard: Heard) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Place and number of every frame, `(n, 2)` and `(n,)` (ReadError where counts differ)."""
    places, count = found.positions, len(found.frames)
    assert places is not None
    index = found.index if found.index is not None else np.arange(count, dtype=np.int64)
    if (
        len(places) != count
        and index.min() >= 0
        and index.max() < len(places)
        and (found.index is not None)
    ):
        heard.say(
            "note",
            f"{len(places) - count} of {len(places):,} places have no frame; the others were "
            "matched by the numbers of their frames.",
            "Nothing; dropped frames are shown.",
        )
        return places[index], index
    if len(places) != count:
        raise refusal(
            heard.where,
            f"There are {count:,} frames and {len(places):,} places, and no numbers that say which "
            "belong together.",
            "Add the number of each frame (“index”), or export only places that have a frame.",
        )
    return places, index


def in_pixels(
    places: NDArray[np.float64],
    found: Found,
    pixel_m: float | None,
    diameter: float,
    heard: Heard,
) -> NDArray[np.float64]:
    """Places in object pixels; asks for the unit or the pixel where they do not make sense."""
    unit = heard.told.get("position_unit") or found.unit
    heard.convention["position_unit"] = {"stated": found.unit, "used": unit}
    if unit is None:
        heard.ask(
            "position_unit",
            "The file does not say in which unit its places are.",
            "Choose pixels of the object, metres, micrometres or nanometres.",
        )
    if unit in UNITS_M and pixel_m is None:
        heard.ask(
            "pixel_nm",
            f"The places are in {NAMES[unit]}, and the size of an object pixel is not known.",
            "Enter it, or energy, distance and detector pixel, from which it follows.",
        )
    moved = places * scale(unit, pixel_m)
    seen = overlap.overlap_of(moved, diameter)
    heard.convention["overlap"] = round(seen.share, 4)
    if unit is not None and not seen.plausible and not set(heard.open) & {"pixel_nm"}:
        other = [
            name
            for name in NAMES
            if name != unit and (name == "px" or pixel_m is not None)
            if overlap.overlap_of(places * scale(name, pixel_m), diameter).plausible
        ]
        fits = f" In {NAMES[other[0]]} they would overlap." if other else ""
        heard.ask(
            "position_unit",
            f"Taken as {NAMES[unit]}, neighbouring places lie {seen.step:.3g} pixels apart under a "
            f"beam {diameter:.0f} pixels wide: no such scan can be reconstructed.{fits}",
            "Choose the unit of the places, or correct the size of the pixel.",
        )
    return moved


def along_frames(
    places: NDArray[np.float64], frames: NDArray[Any], heard: Heard
) -> NDArray[np.float64]:
    """Places along rows and columns of the frames, as a person said; asks if frames disagree."""
    along = turned(places, heard.told)
    seen = geometry.geometry_of(geometry.centres_of_mass(frames), along)
    if seen is None or not seen.tells:
        heard.convention["geometry"] = {"tells": False}
        heard.say(
            "note",
            "Whether the axes of places and frames agree cannot be told from these frames: too "
            "few, on a line, or too little contrast.",
            "Compare the result with a picture of the specimen.",
        )
        return along
    heard.convention["geometry"] = {
        "tells": True,
        "ratio": round(seen.ratio, 4),
        "best": round(seen.best, 4),
        "angle_deg": round(seen.angle, 1),
        "mirrored": seen.mirrored,
        "right": seen.right,
    }
    if not seen.right:
        heard.ask(
            "axes",
            f"The frames say that {seen.fault}: their centres of mass curl (curl² over divergence² "
            f"is {seen.ratio:.2g}, where {seen.best:.2g} can be reached).",
            "Choose below how the places run, and read the files again.",
        )
    return along


def scale(unit: str | None, pixel_m: float | None) -> float:
    """Object pixels in one of `unit`; 1 where either is not known."""
    return UNITS_M[unit] / pixel_m if unit in UNITS_M and pixel_m else 1.0


def turned(places: NDArray[np.float64], told: Any) -> NDArray[np.float64]:
    """Places along the frames as a person says (`axes`, then `turned_deg`)."""
    axes = told.get("axes") or "stated"
    if axes == "swapped":
        places = places[:, ::-1]
    elif axes in ("rows", "columns"):
        places = places * ([-1.0, 1.0] if axes == "rows" else [1.0, -1.0])
    angle = np.radians(float(told.get("turned_deg") or 0.0))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return np.ascontiguousarray(places @ turn if angle else places)
