"""How many wrong conventions, planted on measured scans, an upload names; and that right ones pass.

Every plant changes one thing of a file that is read as it is, and counts as caught only where the
reader asks for that very thing. Half a turn of the places is left out: it is the twin image with
the other sign of defocus, which frames without a known probe cannot tell.

The two measured scans were looked at when the thresholds were chosen. `import.drawn.…` are of scans
drawn afterwards, of other specimens and at three doses, and judge those thresholds.
"""

import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests.benchmarks.xray import commit, say, write
from tests.data import DATA
from tests.factories import scans
from workers.readers.diffraction import building, cxi, npz
from workers.readers.diffraction.found import Found

RESULT = Path(__file__).parent / "results" / "conventions.json"
FILES = {
    "siemens": ("diffraction/siemens-star-aps/siemens-star-aps.npz", npz.read),
    "rotavirus": ("diffraction/rotavirus-cryo-electron/rotavirus-blockA.cxi", cxi.read),
}
TURNS = (-126.0, -90.0, -45.0, -30.0, 30.0, 45.0, 90.0, 150.0)  # degrees
DOSES, DRAWN = (1e3, 1e4, 1e5), 8  # counts in a frame; scans of each
GEOMETRY = "axes"
Plant = tuple[str, str, Callable[[Found], Found]]  # name, the fact that must be asked, the change


def plants() -> Iterator[Plant]:
    """One wrong convention each."""
    yield "swapped", GEOMETRY, lambda f: _moved(f, lambda p: p[:, ::-1])
    yield "rows reversed", GEOMETRY, lambda f: _moved(f, lambda p: p * [-1.0, 1.0])
    yield "columns reversed", GEOMETRY, lambda f: _moved(f, lambda p: p * [1.0, -1.0])
    yield "frames transposed", GEOMETRY, lambda f: replace(f, frames=f.frames.swapaxes(1, 2))
    for angle in TURNS:
        yield f"turned {angle:g}°", GEOMETRY, lambda f, a=angle: _moved(f, lambda p: p @ turn(a))
    yield "counts said to be amplitudes", "values", lambda f: replace(f, values="amplitude")
    yield "amplitudes said to be counts", "values", _roots
    yield "zero said to be elsewhere", "zero", _elsewhere
    yield "a thousand times too far", "position_unit", lambda f: _moved(f, lambda p: p * 1e3)
    yield "a million times too near", "position_unit", lambda f: _moved(f, lambda p: p * 1e-6)


def turn(degrees: float) -> NDArray[np.float64]:
    """The matrix that turns rows of (row, column)."""
    angle = np.radians(degrees)
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def asked_of(found: Found) -> list[str]:
    """What a person is asked when this is uploaded."""
    asked: list[str] = building.scan_of(found, {}, "file", []).provenance["open"]
    return asked


def measured() -> dict[str, float]:
    """`import.…`: shares caught, of geometry alone and of all, and right files that pass."""
    caught: dict[str, list[bool]] = {"wrong_rotation": [], "wrong_convention": []}
    passed = []
    for path, read in FILES.values():
        right = read(DATA / path)
        passed.append(asked_of(right) == [])
        for _, fact, change in plants():
            hit = fact in asked_of(change(right))
            caught["wrong_convention"].append(hit)
            if fact == GEOMETRY:
                caught["wrong_rotation"].append(hit)
    return {f"import.{what}_caught": float(np.mean(hits)) for what, hits in caught.items()} | {
        "import.wrong_conventions_planted": float(len(caught["wrong_convention"])),
        "import.right_files_passed": float(np.mean(passed)),
    }


def drawn() -> dict[str, float]:
    """`import.drawn.…`: the same plants on scans of known specimens, `DRAWN` of each dose."""
    figures: dict[str, float] = {}
    for counts in DOSES:
        caught, passed, silent = [], [], []
        for seed in range(1, DRAWN + 1):
            frames, places, probe = scans.counted(counts, seed=seed)
            right = Found("drawn", frames, places, "px", probe=probe)
            scan = building.scan_of(right, {}, "file", [])
            passed.append(scan.provenance["open"] == [])
            silent.append(not scan.convention["geometry"]["tells"])
            caught += [fact in asked_of(change(right)) for _, fact, change in plants()]
        figures |= {
            f"import.drawn.{counts:.0e}.caught": float(np.mean(caught)),
            f"import.drawn.{counts:.0e}.right_passed": float(np.mean(passed)),
            f"import.drawn.{counts:.0e}.cannot_tell": float(np.mean(silent)),
        }
    return figures


def _moved(found: Found, move: Callable[[NDArray[np.float64]], NDArray[np.float64]]) -> Found:
    assert found.positions is not None
    return replace(found, positions=np.ascontiguousarray(move(found.positions)))


def _roots(found: Found) -> Found:
    return replace(found, frames=np.sqrt(found.frames.astype(np.float32)), values="counts")


def _elsewhere(found: Found) -> Found:
    seen = building.scan_of(found, {}, "file", []).convention["zero"]["seen"]
    return replace(found, zero="middle" if seen == "corner" else "corner")


def main() -> int:
    """Measure, print, write; 1 where a wrong rotation of a measured scan goes unnoticed."""
    figures = measured() | drawn()
    write(RESULT, figures, {"commit": commit(), "turns": list(TURNS), "drawn": DRAWN})
    for key, value in figures.items():
        say(f"{key:40} {value:8.4f}")
    return int(figures["import.wrong_rotation_caught"] < 1)


if __name__ == "__main__":
    sys.exit(main())
