"""Vendor formats through RosettaSciIO, an optional extra.

RosettaSciIO is GPL-3: it is imported here only, when a file of these formats is read, and this
module runs only in the separate ingest process. Nothing else depends on it being installed.
"""

import importlib
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workers.measurement import Problem
from workers.readers.contents import Contents, Layer
from workers.readers.elements import parse_channel
from workers.readers.lengths import in_um
from workers.readers.limits import MAX_SPECTRUM_BYTES, check_map_size
from workers.readers.problems import not_a_map, refusal
from workers.readers.xray_lines import ENERGY_KEV, HIGHEST_KEV, Spectra

# module of RosettaSciIO and its options, by how a file starts. Formats that name other files to
# read (.asw) are left out on purpose; `.dm3` and `.dm4` are in gatan.py.
_BY_START: tuple[tuple[bytes, str, dict[str, Any]], ...] = (
    (b"AAMVHFSS", "bruker", {"cutoff_at_kV": HIGHEST_KEV}),
    (b"\x34\x00\x00\x00JED-2200:LibJxImageForm", "jeol", {}),
    (b"BZh", "phenom", {}),
)


def recognises(path: Path, head: bytes) -> bool:
    """By the first bytes of Bruker .bcf, JEOL .map/.img and Phenom .elid, or a Ripple header."""
    return _module(path, head) is not None


def _module(path: Path, head: bytes) -> tuple[str, dict[str, Any]] | None:
    for start, module, options in _BY_START:
        if head.startswith(start):
            return module, options
    if path.suffix.casefold() == ".rpl" and head.lstrip()[:3].lower() == b"key":
        return "ripple", {}
    return None


def read(path: Path) -> Contents:
    """Element maps of the largest spectrum image, or the pictures where there is none."""
    with path.open("rb") as file:
        chosen = _module(path, file.read(64))
    assert chosen is not None, "asked to read a file that it does not recognise"
    module, options = chosen
    return _contents(path, module, signals(path, module, options))


def signals(path: Path, module: str, options: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What the reader `module` of RosettaSciIO finds in a file; raises ReadError."""
    reader = _import(path, module)
    try:
        found: list[dict[str, Any]] = reader.file_reader(str(path), **options)
    except MemoryError:
        raise
    except Exception as error:  # a foreign parser on a damaged file raises anything
        raise refusal(
            path.name,
            f"The {module} reader could not make sense of it ({type(error).__name__}).",
            "Upload it again; if that does not help, export text or TIFF, one file per element.",
        ) from error
    return found


def _import(path: Path, module: str) -> Any:
    logging.getLogger("RosettaSciIO").setLevel(logging.ERROR)
    try:
        return importlib.import_module(f"rsciio.{module}")
    except ImportError as error:
        raise refusal(
            path.name,
            "Files of this vendor are read with RosettaSciIO, which is not installed here.",
            "Ask the operator to install the extra “vendor-formats”, or export text or TIFF, one "
            "file per element.",
        ) from error


def _contents(path: Path, module: str, signals: Sequence[Mapping[str, Any]]) -> Contents:
    arrays = [(signal, np.asarray(signal["data"])) for signal in signals]
    cubes = [(s, a) for s, a in arrays if a.ndim == 3 and a.shape[2] > 64 and a.dtype.kind in "ui"]
    pictures = [(s, a) for s, a in arrays if a.ndim == 2 and a.dtype.kind in "uif"]
    if cubes:
        signal, cube = max(cubes, key=lambda pair: pair[1].shape[0] * pair[1].shape[1])
        layers, problems = _from_spectra(path, signal, cube)
        if len(cubes) > 1:
            problems.append(_one_of_many(path, len(cubes), cube.shape))
        shape = cube.shape[:2]
        same = [(s, a) for s, a in pictures if a.shape == shape]
        layers += [_picture(path, s, a, electron=True) for s, a in same[:1]]
        return Contents(
            f"RosettaSciIO {module}", tuple(layers), _facts(signal), {}, tuple(problems)
        )
    layers = [_picture(path, s, a, electron=False) for s, a in pictures if min(a.shape) > 1]
    if not layers:
        raise not_a_map(path.name, "It holds neither a map nor a spectrum image.")
    return Contents(f"RosettaSciIO {module}", tuple(layers), _facts(pictures[0][0]))


def _from_spectra(
    path: Path, signal: Mapping[str, Any], cube: NDArray[np.integer]
) -> tuple[list[Layer], list[Problem]]:
    check_map_size(path.name, cube.shape[:2])
    if cube.nbytes > MAX_SPECTRUM_BYTES:
        raise refusal(path.name, "The spectrum image is too large.", "Export element maps.")
    axis = signal["axes"][2]
    spectra = Spectra(cube, float(axis.get("offset", 0)), float(axis.get("scale", 0.01)))
    stated = signal["metadata"].get("Sample", {}).get("elements", [])
    elements = [element for element in stated if element in ENERGY_KEV]
    problems = []
    if not elements:
        elements = spectra.elements_seen()
        problems.append(
            Problem(
                "warning",
                path.name,
                "The file names no elements; those whose peak stands out in the summed spectrum "
                f"were taken: {', '.join(elements) or 'none'}.",
                "Leave out what is not in the specimen, in the channel list.",
            )
        )
    if not elements:
        raise refusal(path.name, "No X-ray peak stands out in it.", "Export element maps instead.")
    problems.append(
        Problem(
            "note",
            path.name,
            "Element maps are the counts within one peak width of each line, with background.",
            "Nothing; the model treats background as signal, so read faint elements with care.",
        )
    )
    maps = [
        Layer(f"{path.name}/{element}", spectra.element_map(element), element, units="counts")
        for element in elements
    ]
    return maps, problems


def _picture(path: Path, signal: Mapping[str, Any], values: NDArray[Any], electron: bool) -> Layer:
    title = str(signal["metadata"].get("General", {}).get("title", "")) or None
    check_map_size(path.name, values.shape)
    return Layer(
        f"{path.name}/{title}" if electron else path.name,
        values.astype(np.float32),
        title if title and parse_channel(title) else path.name,
        is_electron_image=electron,
    )


def _facts(signal: Mapping[str, Any]) -> dict[str, Any]:
    axis = signal["axes"][1]
    facts: dict[str, Any] = {}
    if size_um := in_um(float(axis.get("scale") or 0), axis.get("units")):
        facts["pixel_size_um"] = size_um
    instrument = signal["metadata"].get("Acquisition_instrument", {})
    microscope = instrument.get("SEM") or instrument.get("TEM") or {}
    if microscope.get("beam_energy"):
        facts["beam_kv"] = float(microscope["beam_energy"])
    if microscope.get("beam_current"):
        facts["current_na"] = float(microscope["beam_current"])
    return facts


def _one_of_many(path: Path, count: int, shape: tuple[int, ...]) -> Problem:
    return Problem(
        "note",
        path.name,
        f"It holds {count} spectrum images; the largest ({shape[0]} × {shape[1]}) is read.",
        "Export the others as files of their own to read them too.",
    )
