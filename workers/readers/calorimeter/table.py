"""A text table with a heading: one row for each cell of each event, or for each cell."""

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from workers.readers.limits import MAX_TEXT_BYTES, MAX_VALUES
from workers.readers.problems import refusal

Column = NDArray[np.float64]
ENERGY_UNITS = {"mev": 1.0, "gev": 1e3, "kev": 1e-3}
# What a heading may call each column, without its unit.
NAMES = {
    "event": ("event", "event_id", "eventnumber"),
    "cell": ("cell", "cell_id", "id"),
    "parent": ("parent", "parent_id"),
    "layer": ("layer", "cell_layer"),
    "x": ("x", "eta", "cell_eta"),
    "y": ("y", "phi", "cell_phi"),
    "width": ("width", "dx", "deta"),
    "height": ("height", "dy", "dphi"),
    "energy": ("energy", "cell_e", "e"),
    "sigma": ("sigma", "noise"),
}
ANGLES = ("eta", "cell_eta", "phi", "cell_phi")
_SEPARATORS = (",", ";", "\t")


@dataclass(frozen=True, eq=False)
class Table:
    """Columns float64 `(rows,)` by the names of NAMES, NaN where a field is empty.

    `lines` `(rows,)` is where each row stands in the file `name`; energies are in MeV.
    `round_` says that places are η and φ; `unit` what the heading calls the energies' unit.
    """

    name: str
    columns: dict[str, Column]
    lines: NDArray[np.int64]
    round_: bool
    unit: str | None

    def __len__(self) -> int:
        return len(self.lines)


def is_known(field: str) -> bool:
    """Whether a heading's field means anything here."""
    return _known(field)[0] is not None


def recognises(head: bytes) -> bool:
    """Whether a text has a heading that `holds_cells`."""
    for line in head.decode("utf-8", "replace").splitlines():
        if line.strip() and not line.startswith("#"):
            return holds_cells(_fields(line))
    return False


def read(path: Path) -> Table:
    """The table in `path`; raises ReadError where a field is no number or a row is cut off."""
    if path.stat().st_size > MAX_TEXT_BYTES:
        raise refusal(
            path.name,
            f"The table is larger than {MAX_TEXT_BYTES // 2**20} MiB.",
            "Cut it into parts of fewer events.",
        )
    with path.open(encoding="utf-8", errors="replace") as file:
        skipped = 0
        for line in file:
            skipped += 1
            if line.strip() and not line.startswith("#"):
                break
    heading = _fields(line)
    values, lines = _rows(path, skipped, _separator(line), len(heading))
    return named(path.name, heading, list(values.T), lines)


def named(
    name: str, heading: Sequence[str], values: Sequence[Column], lines: NDArray[np.int64]
) -> Table:
    """The table of these columns by the names of their `heading` (ReadError for a name twice)."""
    columns: dict[str, Column] = {}
    unit = None
    for field, column in zip(heading, values, strict=True):
        known, scale = _known(field)
        if known in columns:
            raise refusal(name, f"Two columns are called {known}.", "Leave one of them out.")
        if known:
            columns[known] = column * scale
        if known == "energy" and field.rpartition("_")[2] in ENERGY_UNITS:
            unit = field.rpartition("_")[2]
    return Table(
        name=name,
        columns=columns,
        lines=lines,
        round_=any(field in ANGLES for field in heading),
        unit=unit,
    )


def holds_cells(heading: Iterable[str]) -> bool:
    """Whether a heading names cells: of events, or a table of the cells themselves."""
    known = {name for name, _ in map(_known, heading) if name}
    return {"event", "energy"} <= known or {"cell", "layer", "x", "y"} <= known


def _rows(
    path: Path, skipped: int, separator: str, width: int
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    numbers, lines = array("d"), array("q")  # lists of objects would take five times the room
    with path.open(encoding="utf-8", errors="replace") as file:
        for number, line in enumerate(file, start=1):
            if number <= skipped or not line.strip() or line.startswith("#"):
                continue
            fields = line.split(separator)
            if len(fields) != width:
                raise refusal(
                    f"{path.name}, line {number}",
                    f"This row has {len(fields)} fields; the heading names {width}.",
                    "The file may have been cut off: export it again.",
                )
            numbers.extend(_number(path.name, number, field) for field in fields)
            lines.append(number)
            if len(numbers) > MAX_VALUES // 4:
                raise refusal(
                    path.name,
                    f"The table has more than {MAX_VALUES // 4:,} fields.",
                    "Cut it into parts of fewer events.",
                )
    values = np.array(numbers).reshape(len(lines), width)
    return values, np.array(lines)


def _number(name: str, line: int, field: str) -> float:
    text = field.strip()
    if not text:
        return float("nan")
    try:
        return float(text)
    except ValueError:
        raise refusal(
            f"{name}, line {line}",
            f"“{text[:40]}” is no number.",
            "Every field under the heading must hold a number or nothing.",
        ) from None


def _separator(line: str) -> str:
    return max(_SEPARATORS, key=line.count)


def _fields(line: str) -> list[str]:
    return [field.strip().strip('"').lower() for field in line.split(_separator(line))]


def _known(field: str) -> tuple[str | None, float]:
    """What a heading's field is, and the factor to MeV or mm; (None, 1) for any other."""
    bare, _, unit = field.rpartition("_")
    scale = ENERGY_UNITS.get(unit, 1.0 if unit == "mm" else None)
    word, factor = (field, 1.0) if scale is None else (bare, scale)
    for name, spellings in NAMES.items():
        if word in spellings:
            return name, factor
    return None, 1.0
