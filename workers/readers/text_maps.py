"""One map per text file: JEOL `_map.txt`, XMapTools, AZtec `.csv`, Cameca with its header."""

import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workers.readers import text
from workers.readers.contents import Contents, Layer
from workers.readers.problems import not_a_map

_STEP = re.compile(r"step\s*size\D*?([\d.]+(?:e-?\d+)?)\s*(µm|um|μm|nm|mm)?", re.I)
_DWELL = re.compile(r"dwell\s*(?:time)?\D*?([\d.]+(?:e-?\d+)?)\s*(µs|us|ms|msec|s|sec)?\b", re.I)
_CURRENT = re.compile(r"current\D*?([\d.]+(?:e-?\d+)?)\s*(pA|nA|µA|uA)?", re.I)
_IMAGE = re.compile(r"(?:image|element|signal)\s*[:=\t]\s*(\S+(?:[ _]\S+)?)", re.I)
_TO_UM = {"nm": 1e-3, "mm": 1e3}
_TO_MS = {"µs": 1e-3, "us": 1e-3, "s": 1e3, "sec": 1e3}
_TO_NA = {"pa": 1e-3, "µa": 1e3, "ua": 1e3}


def recognises(path: Path, head: bytes) -> bool:
    """Any text: a text without rows of numbers is told apart from a map by `read`."""
    return text.looks_like_text(head)


def read(path: Path) -> Contents:
    """The map of one text file and the facts its header states, if it has one."""
    if not text.has_rows_of_numbers(path):
        raise not_a_map(path.name, "This text holds no rows of numbers, so it is not a map.")
    grid = text.read_grid(path)
    header = "\n".join(grid.header)
    values, indexed = _without_indices(grid.values)
    facts = _facts(header)
    named = _IMAGE.search(header)
    if indexed:
        facts["row_and_column_numbers"] = "left out"
    return Contents(
        format="Cameca text" if facts or named else "text grid",
        layers=(Layer(path.name, values, named[1] if named else path.name),),
        facts=facts,
    )


def _facts(header: str) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    for key, pattern, scales in (
        ("pixel_size_um", _STEP, _TO_UM),
        ("dwell_ms", _DWELL, _TO_MS),
        ("current_na", _CURRENT, _TO_NA),
    ):
        if match := pattern.search(header):
            facts[key] = float(match[1]) * scales.get((match[2] or "").casefold(), 1.0)
    return facts


def _without_indices(values: NDArray[np.float32]) -> tuple[NDArray[np.float32], bool]:
    """Drop a first row and first column that only number the pixels (some Cameca exports)."""
    height, width = values.shape
    if height < 4 or width < 4:
        return values, False
    for start in (0, 1):
        columns = np.arange(start, start + width - 1)
        rows = np.arange(start, start + height - 1)
        if np.array_equal(values[0, 1:], columns) and np.array_equal(values[1:, 0], rows):
            return values[1:, 1:], True
    return values, False
