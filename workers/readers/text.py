"""Rows of numbers in a text file: the one parser that every text format here goes through."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from workers.readers.limits import MAX_LINE_BYTES, MAX_PIXELS, MAX_TEXT_BYTES
from workers.readers.problems import refusal

MAX_HEADER_LINES = 200
_BLANKS = frozenset({"", "-", "--", "nan", "n/a", "na", "null", "1.#qnan", "-1.#ind"})
_NUMBER = re.compile(r"[+-]?(?:\d+[.,]?\d*|[.,]\d+)(?:[eE][+-]?\d+)?")
_LINE_END = " \t\r\n,;\x1a\x00"  # AZtec ends its lines with a comma, JEOL with a tab


@dataclass(frozen=True)
class TextGrid:
    """`header`: the lines before the first row of numbers; `values`: float32 (rows, columns)."""

    header: list[str]
    values: NDArray[np.float32]


def looks_like_text(head: bytes) -> bool:
    """Whether the first bytes of a file are text (UTF-8 or Latin-1), not a binary format."""
    return bool(head) and b"\x00" not in head and sum(b < 9 or 13 < b < 32 for b in head) == 0


def has_rows_of_numbers(path: Path) -> bool:
    """Whether a row of numbers follows within the first lines."""
    lines = islice(_lines(path), MAX_HEADER_LINES)
    return any(_is_numeric(line, first=number == 1) for number, line in lines)


def read_grid(path: Path) -> TextGrid:
    """The rows of numbers of `path`; refuses ragged rows, words between numbers, endless text.

    Fields are separated by tabs, semicolons, commas or blanks, whichever the first row uses; a
    decimal comma is understood where commas separate nothing. Empty fields and "NaN" become NaN.
    """
    if path.stat().st_size > MAX_TEXT_BYTES:
        raise refusal(
            path.name,
            f"The text file is {path.stat().st_size / 2**20:,.0f} MiB; up to "
            f"{MAX_TEXT_BYTES // 2**20} MiB are read.",
            "Export the map as TIFF, which is smaller and exact.",
        )
    header: list[str] = []
    rows: list[NDArray[np.float32]] = []
    dialect: _Dialect | None = None
    for number, line in _lines(path):
        if dialect is None:
            if not _is_numeric(line, first=number == 1):
                header.append(line)
                continue
            dialect = _Dialect.of(line)
        if not line.strip(_LINE_END):
            continue
        rows.append(dialect.row(path, number, line, rows[0].size if rows else None))
        if rows[0].size * len(rows) > MAX_PIXELS:
            raise refusal(
                path.name,
                f"The text holds more than {MAX_PIXELS:,} numbers.",
                "Cut the map into fields and upload them one by one.",
            )
    if not rows:
        raise refusal(path.name, "There is no row of numbers in it.", "Select the exported maps.")
    return TextGrid(header, np.vstack(rows))


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """(number from 1, line) of a text file, each no longer than MAX_LINE_BYTES."""
    with path.open("rb") as file:
        number = 0
        while raw := file.readline(MAX_LINE_BYTES + 1):
            number += 1
            if len(raw) > MAX_LINE_BYTES:
                raise refusal(
                    f"{path.name}, line {number}",
                    f"The line is longer than {MAX_LINE_BYTES // 2**20} MiB.",
                    "Export the map with one line of text per row of pixels.",
                )
            yield number, raw.decode("utf-8-sig" if number == 1 else "utf-8", "replace")


def _is_numeric(line: str, first: bool) -> bool:
    """Whether a line is a row of the map: numbers and gaps, two fields or more.

    A single number opens a map only in the `first` line: below, it may be a year in a text.
    """
    fields = [field for field in re.split(r"[\s;,]+", line.strip(_LINE_END)) if field]
    numbers = sum(bool(_NUMBER.fullmatch(field)) for field in fields)
    if numbers == 0 or (len(fields) < 2 and not first):
        return False
    return all(_NUMBER.fullmatch(field) or field.casefold() in _BLANKS for field in fields)


@dataclass(frozen=True)
class _Dialect:
    """How the rows of a file are written, told from the first of them.

    `separator` None means blanks; `trailing`: every row ends with a separator that means nothing.
    """

    separator: str | None
    decimal_comma: bool
    trailing: bool

    @classmethod
    def of(cls, line: str) -> "_Dialect":
        body, ending = line.strip(_LINE_END), line.rstrip("\r\n\x1a\x00 ")
        separator = next((s for s in ("\t", ";") if s in body), None)
        decimal_comma = separator is not None and "," in body and "." not in body
        if separator is None and re.search(r"\d,\d+ +[+-]?\d", body):
            decimal_comma = True
        elif separator is None and "," in body:
            separator = ","
        trailing = separator is not None and ending.endswith(separator)
        return cls(separator, decimal_comma, trailing)

    def row(self, path: Path, number: int, line: str, width: int | None) -> NDArray[np.float32]:
        """The numbers of one line; refuses a line of another length than `width`."""
        fields = self._fields(line)
        if width is not None and len(fields) != width:
            raise refusal(
                f"{path.name}, line {number}",
                f"This row has {len(fields)} numbers, the rows before have {width}: the file is "
                "damaged or was cut off.",
                "Export it again; if the last rows were never measured, fill them with NaN.",
            )
        try:
            return np.array(fields, dtype=np.float32)
        except (ValueError, OverflowError):
            return np.array(
                [self._number(path, number, column, f) for column, f in enumerate(fields, 1)],
                dtype=np.float32,
            )

    def _fields(self, line: str) -> list[str]:
        body = line.strip("\r\n\x1a\x00 ")
        if self.decimal_comma:
            body = body.replace(",", ".")
        fields = body.split(self.separator)
        if self.trailing and not fields[-1].strip():
            fields.pop()
        return fields

    def _number(self, path: Path, line: int, column: int, field: str) -> float:
        text = field.strip().strip('"')
        if text.casefold() in _BLANKS:
            return float("nan")
        try:
            return float(text)
        except ValueError:
            raise refusal(
                f"{path.name}, line {line}, column {column}",
                f"“{text[:40]}” is not a number.",
                "Export the map again as plain numbers, one row of pixels per line.",
            ) from None
