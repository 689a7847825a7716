"""Points for a table of standards from maps of a standards mount and a mask for every standard.

`python -m workers.assessment.answers.standard_maps FOLDER > standards.csv`

FOLDER holds count maps and masks as TIFF and a `standards.json`: `{"elements": {"Fe": "Fe.tif"},
"minerals": {"iron": {"elements": {"Fe": 100}, "maskFile": "iron.tif"}}}`, masks 255 inside.
"""

import csv
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray
from scipy import ndimage

from workers.assessment.answers.standards import Point

RIM = 3  # pixels along the edge of a mask that are left out: they count their neighbours too
FARTHEST = 6.0  # standard deviations of counting from the median: further out is a hot pixel


def points_of_maps(
    counts: Mapping[str, NDArray[Any]],
    masks: Mapping[str, NDArray[np.bool_]],
    wt: Mapping[str, Mapping[str, float]],
) -> Iterator[Point]:
    """Mean counts of every element (h, w) inside every standard; 0 wt% where none is stated.

    Raises ValueError for a mask of another shape than the maps or with nothing left inside its rim.
    """
    for standard, mask in masks.items():
        inside = ndimage.binary_erosion(mask, iterations=RIM)
        for element, plane in counts.items():
            if plane.shape != mask.shape or not inside.any():
                raise ValueError(f"The mask of {standard} does not fit the map of {element}.")
            values = plane[inside].astype(float)
            middle = np.median(values)
            kept = values[np.abs(values - middle) <= FARTHEST * np.sqrt(middle + 1)]
            error = float(kept.std() / np.sqrt(len(kept)))
            stated = wt[standard].get(element, 0.0)
            yield Point(standard, element, stated, float(kept.mean()), error)


def read_folder(folder: Path) -> Iterator[Point]:
    """The points of a folder laid out as above."""
    described = json.loads((folder / "standards.json").read_text())
    counts = {e: tifffile.imread(folder / name) for e, name in described["elements"].items()}
    minerals = described["minerals"]
    masks = {name: tifffile.imread(folder / m["maskFile"]) == 255 for name, m in minerals.items()}
    return points_of_maps(counts, masks, {name: m["elements"] for name, m in minerals.items()})


def write_table(points: Iterable[Point], file: Any) -> None:
    """The points as `standards_table` reads them."""
    writer = csv.writer(file)
    writer.writerow(("standard", "element", "wt_percent", "counts", "uncertainty"))
    for p in points:
        writer.writerow((p.standard, p.element, f"{p.wt:g}", f"{p.counts:.3f}", f"{p.error:.3f}"))


if __name__ == "__main__":
    write_table(read_folder(Path(sys.argv[1])), sys.stdout)
