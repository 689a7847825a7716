"""A TIFF stack of frames, with a file of places beside it; without one, a rocking curve."""

import re
from pathlib import Path

import numpy as np
import tifffile
from numpy.typing import NDArray

from workers.readers import tiff
from workers.readers.diffraction.found import Found
from workers.readers.diffraction.limits import check_frames
from workers.readers.limits import MAX_LINE_BYTES
from workers.readers.problems import refusal

MAX_TABLE_BYTES = 2**24
_SPLIT = re.compile(r"[,;\s]+")
_UNITS = {"px": 1.0, "pixel": 1.0, "pixels": 1.0, "m": 1.0, "um": 1e-6, "µm": 1e-6, "nm": 1e-9}


def is_stack(path: Path) -> bool:
    """Whether a TIFF holds many pages of one size, and nothing else."""
    try:
        with tifffile.TiffFile(path, **tiff.THIS_FILE_ONLY) as file:
            return len(file.series) == 1 and len(file.series[0].shape) == 3
    except (tifffile.TiffFileError, ValueError, KeyError, IndexError, RuntimeError):
        return False


def pages(path: Path) -> NDArray[np.generic]:
    """All pages of one size as `(n, h, w)` in their own type (ReadError)."""
    try:
        with tifffile.TiffFile(path, **tiff.THIS_FILE_ONLY) as file:
            series = file.series[0]
            shape = tuple(int(size) for size in series.shape)
            if len(shape) < 3 or len(file.series) > 1:
                raise refusal(
                    path.name, "It is no stack of equal pages.", "Export the scan as one stack."
                )
            count = int(np.prod(shape[:-2], dtype=np.int64))
            check_frames(path.name, (count, *shape[-2:]))
            if series.dtype is None or series.dtype.kind not in "uif":
                raise refusal(path.name, f"Its pixels are {series.dtype}.", "Export counts.")
            return np.asarray(series.asarray()).reshape(count, *shape[-2:])
    except (tifffile.TiffFileError, ValueError, KeyError, IndexError, RuntimeError) as error:
        raise refusal(
            path.name,
            f"This TIFF is damaged or cut off: {str(error).rstrip('.')}.",
            "Export it again, or upload it again.",
        ) from error


def table(path: Path) -> tuple[NDArray[np.float64], list[str]] | None:
    """Rows of two to four numbers, and the words of a line before them; None if it is no such."""
    if path.is_dir() or path.stat().st_size > MAX_TABLE_BYTES:
        return None
    try:
        text = path.read_text("utf-8-sig")
    except UnicodeDecodeError:
        return None
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines or max(map(len, lines)) > MAX_LINE_BYTES:
        return None
    heading = _titles(lines[0].lstrip("#% ").casefold())
    titled = _numbers(lines[0]) is None
    rows = [_numbers(line) for line in lines[titled:]]
    width = len(rows[0]) if rows and rows[0] else 0
    if not 2 <= width <= 4 or any(row is None or len(row) != width for row in rows):
        return None
    return np.asarray(rows, np.float64), heading if titled and len(heading) == width else []


def read(frames: Path, places: Path) -> Found:
    """Frames and the rows that belong to them; columns by their titles, else row, column."""
    counted = pages(frames)
    said = table(places)
    if said is None:
        raise refusal(places.name, "It is no table of places.", "One row for each frame.")
    rows, heading = said
    words = [re.sub(r"[^a-zµ]+", " ", title).split() for title in heading]
    names = [each[0] if each else "" for each in words]
    by_axis = [
        next((i for i, name in enumerate(names) if name in spellings), None)
        for spellings in (("row", "y", "ycoords", "r"), ("column", "col", "x", "xcoords", "c"))
    ]
    numbered = next((i for i, name in enumerate(names) if name in ("index", "frame", "n")), None)
    if None in by_axis:
        by_axis = [0, 1] if numbered != 0 else [1, 2]
    unit = next((word for each in words for word in each[1:] if word in _UNITS), None)
    scale = _UNITS.get(unit or "", 1.0)
    index = None if numbered is None else rows[:, numbered].astype(np.int64)
    return Found(
        format="TIFF stack with places",
        frames=counted,
        positions=rows[:, [column for column in by_axis if column is not None]] * scale,
        unit=None if unit is None else "px" if unit.startswith("p") else "m",
        index=index if index is not None and (np.diff(index) > 0).all() else None,
    )


def _titles(line: str) -> list[str]:
    """The titles of columns: units may stand behind a blank where something else divides them."""
    return re.split(r"[,;\t]", line) if re.search(r"[,;\t]", line) else line.split()


def _numbers(line: str) -> list[float] | None:
    try:
        return [float(word) for word in _SPLIT.split(line) if word]
    except ValueError:
        return None
