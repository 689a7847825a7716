"""The table of standards a person uploads: one line for every element of every standard (CSV).

    standard,element,wt_percent,counts,uncertainty,dwell_ms,current_na
    iron,Fe,100,316.2,0.3,15,40

`counts` a pixel, `uncertainty` their standard error; dwell and current may be left out. A line
with 0 wt% says what the background is. Semicolons and tabs separate as well; where semicolons
do, a comma is a decimal point.
"""

import csv
import math
from collections.abc import Mapping
from dataclasses import dataclass

from workers.assessment.answers.standards import LEAST_WT, Point
from workers.readers.elements import SYMBOLS

LARGEST = 64 * 1024  # bytes
MOST_ROWS = 2000
NEEDED = ("standard", "element", "wt_percent", "counts", "uncertainty")
DOSE = {"dwell_ms": "dwell time", "current_na": "beam current"}


class StandardsError(Exception):
    """What is wrong with a table of standards, and where: a sentence for the person it is from."""


@dataclass(frozen=True)
class StandardsTable:
    """The points of a table as measured; `conditions` what it says of `dwell_ms`, `current_na`."""

    points: tuple[Point, ...]
    conditions: dict[str, float]

    def at(self, measurement: Mapping[str, object]) -> "Scaled":
        """The points as they would count under the conditions of a `measurement` (its summary)."""
        ratio, unknown = 1.0, []
        for key, name in DOSE.items():
            theirs, ours = self.conditions.get(key), measurement.get(key)
            if theirs and isinstance(ours, int | float) and ours > 0:
                ratio *= ours / theirs
            else:
                unknown.append(name)
        scaled = tuple(
            Point(p.standard, p.element, p.wt, ratio * p.counts, ratio * p.error)
            for p in self.points
        )
        return Scaled(scaled, ratio, tuple(unknown))


@dataclass(frozen=True)
class Scaled:
    """Points at the dose of a map: `ratio` of it to theirs, and what had to be taken as equal."""

    points: tuple[Point, ...]
    ratio: float
    taken_as_equal: tuple[str, ...]


def read_table(data: bytes) -> StandardsTable:
    """The table in the CSV file `data`; StandardsError where it cannot be used."""
    rows = _rows(_text(data))
    points: list[Point] = []
    conditions: dict[str, float] = {}
    for number, row in rows:
        points.append(_point(row, number))
        for key in DOSE:
            if row.get(key, "").strip():
                value = _number(row, key, number, least=1e-6)
                if conditions.setdefault(key, value) != value:
                    raise StandardsError(
                        f"Line {number} has another {DOSE[key]} than the lines before it. Give one "
                        "table for each setting of the instrument."
                    )
    if not any(point.wt >= LEAST_WT for point in points):
        raise StandardsError(
            f"No line has {LEAST_WT:g} wt% or more of its element, so no slope can be found. Add "
            "the standards that contain the elements."
        )
    return StandardsTable(tuple(points), conditions)


def _text(data: bytes) -> str:
    if len(data) > LARGEST:
        raise StandardsError(
            f"The file has {len(data) / 1024:.0f} kB; a table of standards has at most "
            f"{LARGEST // 1024}. Upload the table, not the maps of the standards."
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as failure:
        raise StandardsError(
            "The file is not text in UTF-8. Save the table as “CSV UTF-8” and upload that."
        ) from failure


def _rows(text: str) -> list[tuple[int, dict[str, str]]]:
    """(line number, cells by column) of every line that is not empty."""
    lines = text.splitlines()
    head = next((line for line in lines if line.strip()), "")
    separator = max(",;\t", key=head.count)
    if separator == ";":
        text = text.replace(",", ".")
    reader = csv.reader(text.splitlines(), delimiter=separator)
    rows: list[tuple[int, dict[str, str]]] = []
    names: list[str] = []
    try:
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if not names:
                names = [cell.strip().casefold() for cell in cells]
                _check_columns(names)
            else:
                rows.append((reader.line_num, dict(zip(names, cells, strict=False))))
    except csv.Error as failure:
        raise StandardsError(f"Line {reader.line_num} is not CSV: {failure}.") from failure
    if not names:
        _check_columns(names)
    if not rows:
        raise StandardsError("The table has no line of numbers. Add one for every standard.")
    if len(rows) > MOST_ROWS:
        raise StandardsError(f"The table has {len(rows)} lines; {MOST_ROWS} is the most.")
    return rows


def _check_columns(names: list[str]) -> None:
    lacking = [name for name in NEEDED if name not in names]
    if lacking:
        raise StandardsError(
            f"The first line must name the columns {', '.join(NEEDED)}; it lacks "
            f"{' and '.join(lacking)}."
        )


def _point(row: dict[str, str], number: int) -> Point:
    element = row.get("element", "").strip()
    if element not in SYMBOLS:
        raise StandardsError(
            f"Line {number}: “{element[:20]}” is no element symbol. Write Fe, not FeO or iron."
        )
    return Point(
        row.get("standard", "").strip()[:80] or f"line {number}",
        element,
        _number(row, "wt_percent", number, most=100),
        _number(row, "counts", number),
        _number(row, "uncertainty", number),
    )


def _number(
    row: dict[str, str], name: str, number: int, least: float = 0.0, most: float = 1e9
) -> float:
    text = row.get(name, "").strip()
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise StandardsError(f"Line {number}: “{text[:20]}” in the column {name} is no number.")
    if not least <= value <= most:
        raise StandardsError(
            f"Line {number}: {name} is {value:g}; it must lie between {least:g} and {most:g}."
        )
    return value
