"""From what a file holds to the scan that is stored; every choice is kept and said."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workers.readers.diffraction import placing
from workers.readers.diffraction.checks import noise, overlap
from workers.readers.diffraction.found import Found
from workers.readers.diffraction.heard import Heard
from workers.readers.diffraction.pixels import centred, cleaned, smallest, square
from workers.scan import DiffractionScan
from workers.volume import Volume

HC_EV_M = 1.23984198e-6  # Planck's constant times the speed of light
POWER_OFF = 2.0  # a probe whose power differs from the data's by more is told of


def scan_of(
    found: Found, told: Mapping[str, Any], where: str, rows: Sequence[Mapping[str, Any]]
) -> DiffractionScan:
    """The scan in the one stored convention; what is in doubt stands in its provenance as open.

    `rows` are the files with their hashes. Raises ReadError where nothing can be made of it.
    """
    heard = Heard(where, told, list(found.problems))
    places, index = placing.matched(found, heard)
    clean = cleaned(found.frames, found.mask, heard)
    places, index = places[clean.kept], index[clean.kept]
    finite = np.isfinite(places).all(axis=1)
    if not finite.all():
        heard.say("warning", f"{int((~finite).sum())} places are not numbers.", "Left out.")
    held, places, index = clean.frames[finite], places[finite], index[finite]
    values = _values(held, places, found, heard)
    counts = held.astype(np.float32) ** 2 if values == "amplitude" else held
    place = centred(held, values, heard, found.zero)
    height, width = clean.mask.shape
    frames, mask = square(smallest(counts), clean.mask, place, heard)
    side = frames.shape[1]
    probe = _fitting(found, (height, width), side, heard)
    pixel_m = _pixel_m(found, told, side / height, side)
    diameter = (
        overlap.diameter_of_probe(probe)
        if probe is not None
        else (overlap.diameter_of_frames(frames))
    )
    places = placing.in_pixels(places, found, pixel_m, diameter, heard)
    places = placing.along_frames(places, frames, heard)
    seen = noise.noise_of(frames, places)
    return DiffractionScan(
        frames=frames,
        positions=np.ascontiguousarray(places, np.float64),
        index=index.astype(np.int64),
        variance_factor=1.0 if seen is None else round(seen.factor, 4),
        probe=_powered(probe, frames, mask, heard),
        mask=None if mask.all() else mask,
        pixel_nm=None if pixel_m is None else pixel_m * 1e9,
        energy_ev=_told(told, "energy_ev") or found.energy_ev,
        distance_m=_told(told, "distance_m") or found.distance_m,
        detector_pixel_um=_detector_m(found, told, 1e6),
        convention=heard.convention,
        problems=tuple(heard.problems),
        provenance=_provenance(found, told, rows, heard),
    )


def volume_of(
    found: Found, told: Mapping[str, Any], where: str, rows: Sequence[Mapping[str, Any]]
) -> Volume:
    """The rocking curve in a stack of frames, in counts, uncropped (ReadError)."""
    heard = Heard(where, told, list(found.problems))
    clean = cleaned(found.frames, found.mask, heard)
    heard.convention["values"] = {"stated": "counts", "used": "counts"}
    return Volume(
        frames=smallest(clean.frames),
        mask=None if clean.mask.all() else clean.mask,
        energy_ev=_told(told, "energy_ev"),
        distance_m=_told(told, "distance_m"),
        detector_pixel_um=_detector_m(found, told, 1e6),
        convention=heard.convention,
        problems=tuple(heard.problems),
        provenance=_provenance(found, told, rows, heard),
    )


def _values(frames: NDArray[Any], places: NDArray[np.float64], found: Found, heard: Heard) -> str:
    """ "counts" or "amplitude", whichever a person or the file says and the data allow."""
    seen = noise.noise_of(frames, places)
    fall = None if seen is None else seen.fall
    shown = None
    if noise.are_roots(frames) or (fall is not None and fall < noise.AMPLITUDES_FALL):
        shown = "amplitude"
    elif fall is not None and fall > noise.COUNTS_FALL:
        shown = "counts"
    said = heard.told.get("values") or found.values
    heard.convention["values"] = {"stated": found.values, "seen": shown, "fall": fall}
    if said and shown and said != shown:
        words = {"counts": "counts", "amplitude": "amplitudes, the roots of counts"}
        heard.ask(
            "values",
            f"The frames are said to be {words[said]}, but their noise is that of {words[shown]}: "
            "from the faintest pixels on, variance over mean "
            + ("falls." if shown == "amplitude" else "stays level."),
            f"Choose {words[shown]}, unless the frames were processed.",
        )
    if not said and not shown:
        heard.ask(
            "values",
            "Whether the frames hold counts or amplitudes is neither said nor to be seen.",
            "Choose what the detector's software wrote.",
        )
    used = said or shown or "counts"
    heard.convention["values"]["used"] = used
    return str(used)


def _fitting(
    found: Found, whole: tuple[int, int], side: int, heard: Heard
) -> NDArray[np.complex64] | None:
    """The probe of the file, where frames were left as they are: it is as large as they were."""
    if found.probe is None or whole == (side, side):
        return found.probe
    heard.say(
        "warning",
        f"The probe of the file was left out: it belongs to frames of {whole[0]} × {whole[1]} "
        f"pixels, which were cropped to {side} × {side}.",
        "To start from it, crop frames and probe to squares before the upload.",
    )
    return None


def _powered(
    probe: NDArray[np.complex64] | None,
    frames: NDArray[Any],
    mask: NDArray[np.bool_],
    heard: Heard,
) -> NDArray[np.complex64] | None:
    """The probe with the power of the data: a guess that disagrees with them diverges."""
    if probe is None or not np.isfinite(probe).all() or not probe.any():
        return None
    power = float((np.abs(probe.astype(np.complex128)) ** 2).sum())
    counted = float((frames * mask).sum(dtype=np.float64)) / len(frames)
    heard.convention["probe_power"] = {"file": power, "mean_counts": counted}
    if not 1 / POWER_OFF < counted / power < POWER_OFF:
        heard.say(
            "note",
            f"The probe of the file has a power of {_plain(power)}, a frame "
            f"{_plain(counted)} counts.",
            "The probe was scaled to the counts.",
        )
    return np.asarray(probe * np.sqrt(counted / power), np.complex64)


def _plain(value: float) -> str:
    """A number without powers of ten, four figures at least."""
    return f"{value:,.0f}" if value >= 1000 else f"{value:.4g}"


def _pixel_m(found: Found, told: Mapping[str, Any], kept: float, side: int) -> float | None:
    """Side of an object pixel: as told, as stated, or λz/(s·p) (far field)."""
    if nm := _told(told, "pixel_nm"):
        return nm * 1e-9
    if found.pixel_m:
        return found.pixel_m / kept
    energy = _told(told, "energy_ev")
    wavelength = HC_EV_M / energy if energy else found.wavelength_m
    if wavelength is None and found.energy_ev:
        wavelength = HC_EV_M / found.energy_ev
    distance, pixel = _told(told, "distance_m") or found.distance_m, _detector_m(found, told)
    return far_field_pixel(wavelength, distance, pixel, side)


def far_field_pixel(
    wavelength: float | None, distance: float | None, detector_pixel: float | None, side: int
) -> float | None:
    """Side of an object pixel λz/(s·p), all in metres; None where one of them is not known."""
    if wavelength is None or distance is None or detector_pixel is None:
        return None
    return wavelength * distance / (side * detector_pixel)


def _detector_m(found: Found, told: Mapping[str, Any], scale: float = 1.0) -> float | None:
    um = _told(told, "detector_pixel_um")
    metres = um * 1e-6 if um else found.detector_pixel_m
    return None if metres is None else metres * scale


def _told(told: Mapping[str, Any], name: str) -> float | None:
    value = told.get(name)
    return float(value) if isinstance(value, int | float) and 0 < value < float("inf") else None


def _provenance(
    found: Found, told: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], heard: Heard
) -> dict[str, Any]:
    return {
        "format": found.format,
        "files": [dict(row) for row in rows],
        "acquisition": found.extra,
        "corrections": dict(told),
        "open": heard.open,
    }
