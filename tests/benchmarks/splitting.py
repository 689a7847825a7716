"""What sharing a run among workers gains: seconds against pixels and workers.

`python -m tests.benchmarks.splitting` starts real workers of one core each on a facility of its own
and queues maps of rising size at ×2. It waits for each and writes `results/splitting.json`: the
seconds from the queue to the result, the worker seconds of its tiles and of its finish, and how
many times as fast two workers are as one.
"""

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.factories import facility as facilities
from tests.factories.facility import Facility, facility

RESULTS = Path(__file__).parent / "results" / "splitting.json"
SIDES = (192, 256, 512)  # measured pixels; as many cells at ×2
WORKERS = (1, 2)
RECIPES = ("xray-ensemble", "xray-diffusion")
TILE = 128  # cells: four tiles in the smallest map, sixteen in the largest
PATIENCE = 1200.0

SUBMIT = """
from tests.factories import measurements
from fiducial.measurements.models import Project
member = User.objects.get(username="member")
content = measurements.counts(("Si", "Fe"), ({side}, {side}), seed=3)
made = measurements.ready(Project.objects.get(), member, content)
run = services.submit(
    measurement=made, recipe={recipe!r}, parameters={{"factor": 2, "sampling": "binned"}}, seed=7,
    by=member,
)
answer = str(run.pk)
"""
TIMES = """
from datetime import timedelta
run = Run.objects.get(pk={run!r})
tiles = list(run.tiles.values_list("started", "finished", "worker"))
answer = {{
    "seconds": (run.finished - min(started for started, *_ in tiles)).total_seconds(),
    "tile_seconds": sum(((b - a) for a, b, _ in tiles), timedelta()).total_seconds(),
    "finish_seconds": (run.finished - run.started).total_seconds(),
    "tiles": len(tiles),
    "workers_that_had_tiles": len({{worker for *_, worker in tiles}}),
}}
"""


def measure(made: Facility, recipe: str, side: int) -> dict[str, Any]:
    """Queue one map, wait for its result, say what its rows say."""
    run = made.shell(SUBMIT.format(side=side, recipe=recipe))
    made.wait_until(run, "succeeded")
    times = made.shell(TIMES.format(run=run))
    return {"pixels": side**2, **{key: _rounded(value) for key, value in times.items()}}


def measured(workers: int) -> dict[str, list[dict[str, Any]]]:
    """Every size by every recipe on so many workers, which know the networks already."""
    settings = {"FIDUCIAL_TILE_CELLS": str(TILE), "OMP_NUM_THREADS": "1"}
    with tempfile.TemporaryDirectory() as home, facility(Path(home), **settings) as made:
        for number in range(workers):
            made.worker(f"core{number}")
        for recipe in RECIPES:
            measure(made, recipe, SIDES[0])
        return {recipe: [measure(made, recipe, side) for side in SIDES] for recipe in RECIPES}


def main() -> int:
    """Measure, write the figures and print them."""
    facilities.PATIENCE = PATIENCE  # a large map on one core takes minutes
    found: dict[str, Any] = {"tile_cells": TILE, "elements": 2, "factor": 2}
    found["workers"] = {str(workers): measured(workers) for workers in WORKERS}
    one, two = (found["workers"][str(workers)] for workers in WORKERS)
    found["speedup"] = {
        recipe: {
            str(few["pixels"]): _rounded(few["seconds"] / many["seconds"])
            for few, many in zip(one[recipe], two[recipe], strict=True)
        }
        for recipe in RECIPES
    }
    RESULTS.write_text(json.dumps(found, indent=2) + "\n")
    for workers, recipes in found["workers"].items():
        for recipe, rows in recipes.items():
            for row in rows:
                sys.stdout.write(
                    f"{recipe:15} {row['pixels']:7} pixels, {workers} worker(s): "
                    f"{row['seconds']:7.1f} s (tiles {row['tile_seconds']:.1f}, "
                    f"finish {row['finish_seconds']:.1f})\n"
                )
    return 0


def _rounded(value: float) -> float:
    return round(value, 2)


if __name__ == "__main__":
    sys.exit(main())
