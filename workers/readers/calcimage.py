"""CalcImage (Probe for EPMA) `.DAT` exports: one row per pixel, quoted column names.

A first line of sizes, then `"NK" "X" "Y" "NX" "NY" "NXY" "SiO2 WT%" …`; X and Y are stage
positions in millimetres, NX and NY count from 1 (checked on the files of a public repository).
"""

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from workers.measurement import Units
from workers.readers import text
from workers.readers.contents import Contents, Layer
from workers.readers.elements import SKIP, parse_channel
from workers.readers.limits import MAX_TEXT_BYTES, check_array_size
from workers.readers.problems import refusal

BLANK = 1e30  # Surfer writes 1.70141E+38 where a pixel was not computed
_NAME = re.compile(r'"([^"]*)"')


def recognises(path: Path, head: bytes) -> bool:
    """By the quoted column names NX and NY in the first lines."""
    return text.looks_like_text(head) and b'"NX"' in head and b'"NY"' in head


def read(path: Path) -> Contents:
    """One layer per element or oxide column, on the grid that NX and NY span."""
    if path.stat().st_size > MAX_TEXT_BYTES:
        raise refusal(
            path.name, "The text file is too large to read.", "Export fewer columns, or a crop."
        )
    names, table = _table(path)
    column = {name: number for number, name in enumerate(names)}
    nx, ny = table[:, column["NX"]], table[:, column["NY"]]
    if not (np.isfinite(nx).all() and np.isfinite(ny).all() and nx.min() >= 1 and ny.min() >= 1):
        raise refusal(path.name, "NX or NY is not a pixel number everywhere.", "Export it again.")
    shape = (int(ny.max()), int(nx.max()))
    check_array_size(path.name, (*shape, len(names)))
    rows, columns = ny.astype(int) - 1, nx.astype(int) - 1
    layers = []
    for name, number in column.items():
        channel = parse_channel(name)
        if channel in (None, SKIP) or name in ("NK", "X", "Y", "NX", "NY", "NXY"):
            continue
        values = np.full(shape, np.nan, np.float32)
        values[rows, columns] = np.where(table[:, number] < BLANK, table[:, number], np.nan)
        layers.append(Layer(f"{path.name}/{name}", values, name, units=_units(name)))
    if not layers:
        raise refusal(path.name, "No column is named after an element.", "Export element columns.")
    return Contents("CalcImage", tuple(layers), _facts(table, column))


def _table(path: Path) -> tuple[list[str], NDArray[np.float64]]:
    names: list[str] = []
    rows = []
    declared = 0
    with path.open("r", encoding="latin-1") as file:
        for number, line in enumerate(file, 1):
            if not names:
                declared = _declared_rows(line) or declared
                names = _NAME.findall(line)
                continue
            if not line.strip():
                continue
            fields = line.split()
            if len(fields) != len(names):
                raise refusal(
                    f"{path.name}, line {number}",
                    f"This row has {len(fields)} numbers for {len(names)} columns: the file is "
                    "damaged or was cut off.",
                    "Export it again.",
                )
            rows.append(_numbers(path, number, fields))
    if not rows or len(rows) < declared:
        raise refusal(
            path.name,
            f"It holds {len(rows):,} of {declared:,} rows: the file was cut off.",
            "Upload it again; if that does not help, export it again.",
        )
    return names, np.vstack(rows)


def _declared_rows(line: str) -> int:
    """Number of pixels from the first line (NX, NY, NXY, columns); 0 where it is not that line."""
    fields = line.split()
    if len(fields) < 3 or not all(field.isdecimal() for field in fields[:3]):
        return 0
    nx, ny, nxy = (int(field) for field in fields[:3])
    return nxy if nx * ny == nxy else 0


def _numbers(path: Path, line: int, fields: list[str]) -> NDArray[np.float64]:
    try:
        return np.array(fields, dtype=np.float64)
    except ValueError as error:
        raise refusal(
            f"{path.name}, line {line}", f"Not a number: {error}.", "Export it again."
        ) from None


def _units(name: str) -> Units | None:
    folded = name.casefold()
    if "wt%" in folded or "wt.%" in folded or "weight" in folded:
        return "wt%"
    return None


def _facts(table: NDArray[np.float64], column: dict[str, int]) -> dict[str, float]:
    """The pixel size, from the stage positions of neighbouring columns."""
    if "X" not in column:
        return {}
    x, nx = table[:, column["X"]], table[:, column["NX"]]
    if nx.max() <= nx.min():
        return {}
    step_mm = abs(x[nx == nx.max()].mean() - x[nx == nx.min()].mean()) / (nx.max() - nx.min())
    return {"pixel_size_um": round(float(step_mm) * 1000, 6)} if step_mm > 0 else {}
