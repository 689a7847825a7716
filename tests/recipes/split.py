"""One run whole and one tile by tile, with tiles so small that a small map has several.

`python -m tests.recipes.split MEASUREMENT FOLDER RECIPE PARAMETERS` prints how many tiles there
were and whether both runs are the same; a process of its own, since the size of a tile is read when
it starts (FIDUCIAL_TILE_CELLS).
"""

import json
import sys
from pathlib import Path
from typing import Any

from workers import run as door
from workers import store
from workers.recipes.catalogue import RECIPES

SEED = 5
QUIET: dict[str, Any] = {"report": lambda stage, fraction: None, "should_stop": lambda: False}


def compare(
    measurement: Path, folder: Path, recipe: str, parameters: dict[str, Any]
) -> dict[str, Any]:
    """Run `recipe` whole and split; what both say, without how long they took."""
    tiles = RECIPES[recipe].split(parameters, {"shape": _shape(measurement)}).tiles
    for n in reversed(range(tiles)):  # any worker may take any tile first
        door.tile(recipe, n, measurement, folder / "tiles", parameters, seed=SEED, **QUIET)
    kept = {file.name for file in (folder / "tiles").iterdir()}
    asked = (recipe, measurement, folder / "whole.zarr", parameters)
    whole = door.run(*asked, seed=SEED, **QUIET)
    asked = (recipe, measurement, folder / "split.zarr", parameters)
    split = door.run(*asked, seed=SEED, kept=folder / "tiles", **QUIET)
    return {
        "tiles": tiles,
        "made_late": sorted({file.name for file in (folder / "tiles").iterdir()} - kept),
        "same_summary": {**whole, "seconds": 0} == {**split, "seconds": 0},
        "different": different(folder / "whole.zarr", folder / "split.zarr"),
    }


def different(one: Path, other: Path) -> list[str]:
    """The files of two stores that differ; the root's attributes hold the seconds a run took."""
    files = {file.relative_to(one) for file in one.rglob("*") if file.is_file()}
    files |= {file.relative_to(other) for file in other.rglob("*") if file.is_file()}
    return sorted(
        str(file)
        for file in files - {Path("zarr.json")}
        if (one / file).read_bytes() != (other / file).read_bytes()
    )


def _shape(measurement: Path) -> list[int]:
    return list(store.read_measurement(measurement).mask.shape)


if __name__ == "__main__":
    where, into, name, given = sys.argv[1:]
    print(json.dumps(compare(Path(where), Path(into), name, json.loads(given))))  # noqa: T201
