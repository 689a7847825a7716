"""What every recipe needs at its peak, beside what it declares: `make benchmark-memory`.

Each case runs in a process of its own that has loaded what a worker's has. Its peak is what the
kernel says of it (`VmHWM`), everything included and nothing subtracted. Naming cases measures
those alone; the file keeps the others.
"""

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.factories import events
from workers.events import Events
from workers.measurement import Measurement
from workers.physics.calorimeter.geometry import ROWS
from workers.readers.summary import summarise
from workers.recipes.catalogue import RECIPES

RESULTS = Path(__file__).parent / "results" / "memory.json"
BAR = (0.9, 1.6)  # of what is declared over what was measured
SEED = 71
SAMPLES = 5  # the fewest a run judges by; of a map, how many changes the time and not the peak
EVENTS = "calorimeter"  # a run on events, which keeps every sample


@dataclass(frozen=True)
class Case:
    """A recipe asked about channels or frames of one size; `asked` differs from the defaults.

    Of events the shape is their number, and the coarse cells of a layer.
    """

    recipe: str
    shape: tuple[int, int, int]
    asked: dict[str, Any] = field(default_factory=dict)
    tile: bool = False  # one tile of it alone

    @property
    def name(self) -> str:
        count, height, width = self.shape
        words = [str(value) for value in self.asked.values()]
        words += ["tile"] if self.tile else []
        return " ".join([self.recipe, f"{height}x{width}x{count}", *words])


def _maps(recipe: str, **asked: Any) -> list[Case]:
    coarse = {"factor": 4, "sampling": "binned", **asked}
    return [
        Case(recipe, (4, 128, 128), coarse),
        Case(recipe, (4, 256, 256), coarse),
        Case(recipe, (10, 512, 512), asked),
        Case(recipe, (2, 1024, 1024), asked),
    ]


CASES = [
    *_maps("xray-ensemble"),
    Case("xray-ensemble", (1, 64, 64), {"factor": 2, "sampling": "binned"}),
    Case("xray-ensemble", (4, 128, 128), {"factor": 8, "sampling": "binned"}),
    *_maps("xray-diffusion"),
    Case(
        "xray-diffusion",
        (4, 256, 256),
        {"factor": 4, "sampling": "binned", "estimator": "latent"},
    ),
    Case("xray-diffusion", (4, 256, 256), {"factor": 4, "sampling": "binned", "guide": True}),
    *_maps("xray-variational"),
    Case(
        "xray-variational",
        (4, 256, 256),
        {"factor": 4, "sampling": "binned", "estimator": "dropout"},
    ),
    *(
        Case(recipe, shape, {"factor": 4, "sampling": "binned"}, tile=True)
        for recipe in ("xray-ensemble", "xray-diffusion")
        for shape in ((2, 512, 512), (2, 2048, 2048), (10, 512, 512))
    ),
    Case("unit-pathways", (40, 96, 96), {"window": 38}),
    Case("unit-pathways", (40, 512, 512), {"window": 200}),
    Case("unit-pathways", (10, 256, 256), {"window": 26, "what": "columns", "members": 2}),
    Case("unit-pathways", (3, 512, 512), {"window": 16, "what": "places", "members": 2}),
    Case("teach", (4, 256, 256), {"steps": 20}),
    Case("teach", (4, 512, 512), {"steps": 20}),
    Case("teach", (10, 512, 512), {"steps": 20, "scale": 2}),
    Case(EVENTS, (1000, 8, 8), {"samples": 16}),
    Case(EVENTS, (300, 16, 16), {"samples": 32}),
]


def measured(case: Case, folder: Path) -> int:
    """Bytes at the peak of a process that does nothing but this case, with files in `folder`."""
    from workers.store import write_measurement

    write_measurement(folder / "measurement.zarr", measurement_of(case, SEED))
    if case.recipe == "teach":
        write_measurement(folder / "judge.zarr", measurement_of(case, SEED + 1))
    # Here, because making events to be asked about takes room that is not the run's.
    (folder / "parameters.json").write_text(json.dumps(_parameters(case)))
    command = [sys.executable, "-m", "tests.benchmarks.memory", "--alone", case.name, str(folder)]
    room = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(command, env=room, check=True, stdout=subprocess.PIPE, text=True)
    return int(done.stdout)


def declared(case: Case) -> float:
    """Bytes that the recipe says it needs."""
    recipe = RECIPES[case.recipe]
    needs = recipe.tile_memory if case.tile else recipe.memory
    return needs(_parameters(case), _summary(case))


def _parameters(case: Case) -> dict[str, Any]:
    recipe = RECIPES[case.recipe]
    judge = dict.fromkeys(recipe.of_kind("measurement"), "judge@1")
    return recipe.clean(case.asked | judge, _summary(case))


def _alone(case: Case, folder: Path) -> int:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fiducial.settings.test")
    django.setup()
    import torch

    import fiducial.runs.tasks  # noqa: F401  what a worker has loaded
    from workers import run as door

    torch.set_num_threads(1)
    parameters = json.loads((folder / "parameters.json").read_text())
    if "samples" in parameters and case.recipe != EVENTS:
        parameters["samples"] = SAMPLES
    if case.recipe == "teach":
        parameters["judge"] = str(folder / "judge.zarr")
    asked = (folder / "measurement.zarr", folder / "output", parameters)
    how = {"report": lambda stage, share: None, "should_stop": lambda: False}
    if case.tile:
        door.tile(case.recipe, 0, *asked, seed=SEED, **how)
    else:
        door.run(case.recipe, *asked, seed=SEED, **how)
    return _peak()


def _peak() -> int:
    """Bytes this process has held at most. `ru_maxrss` would begin with what its parent held."""
    status = Path("/proc/self/status").read_text()
    (line,) = [line for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(line.split()[1]) * 1024


def _summary(case: Case) -> dict[str, Any]:
    """What the portal knows of such a measurement."""
    if case.recipe == EVENTS:
        return _events_of(case.shape, SEED)[1]
    count, height, width = case.shape
    about = {
        "content": RECIPES[case.recipe].accepts,
        "channels": [f"{n + 1}" for n in range(count)],
        "shape": [height, width],
        "units": "counts",
        "has_guide": True,
        "guide_factor": 4,
        "name": "the judge",
        "content_hash": "own",
    }
    return about | {"others": {"judge@1": about | {"content_hash": "other"}}}


@cache
def _events_of(shape: tuple[int, int, int], seed: int) -> tuple[Events, dict[str, Any]]:
    """Events and their summary."""
    held = events.read(shape[0], factor=ROWS // shape[1], seed=seed)
    return held, summarise(held)


def measurement_of(case: Case, seed: int) -> Measurement | Events:
    """Minerals, a lattice of columns that drifts, or showers, of the size of `case`."""
    if case.recipe == EVENTS:
        return _events_of(case.shape, seed)[0]
    rng = np.random.default_rng(seed)
    movie = RECIPES[case.recipe].accepts == "movie"
    values = _lattice(case.shape, rng) if movie else _minerals(case.shape, rng)
    guide = None
    if case.asked.get("guide"):
        guide = values[0].repeat(4, axis=0).repeat(4, axis=1).astype(np.float32)
    return Measurement(
        channels=tuple(f"{n + 1}" for n in range(case.shape[0])),
        values=values.astype(np.float32),
        mask=np.ones(case.shape[1:], bool),
        units="intensity" if movie else "counts",
        content="movie" if movie else "maps",
        guide=guide,
    )


def _minerals(shape: tuple[int, int, int], rng: np.random.Generator) -> NDArray[Any]:
    """Counts of three phases with borders and grains, each element of its own share."""
    from scipy.ndimage import gaussian_filter

    phase = sum(gaussian_filter(rng.standard_normal(shape[1:]), 6) > limit for limit in (0, 0.05))
    shares = rng.uniform(5, 80, (shape[0], 3))
    return rng.poisson(shares[:, phase])


def _lattice(shape: tuple[int, int, int], rng: np.random.Generator) -> NDArray[Any]:
    """Bright columns 13 pixels apart, and one that is brighter than all others."""
    frames, height, width = shape
    rows, columns = np.indices((height, width))
    movie = 0.1 * rng.standard_normal(shape)
    for t in range(frames):
        waves = np.cos(2 * np.pi * (rows + 0.1 * t) / 13) + np.cos(2 * np.pi * columns / 13)
        away = (rows - height / 2) ** 2 + (columns - width / 2) ** 2
        movie[t] += np.exp(waves - 2) + 2 * np.exp(-away / 50)
    return movie


def main() -> int:
    """Measure, write the figures, print each beside what is declared; 1 when one misses the bar."""
    chosen = [case for case in CASES if case.name in sys.argv[1:] or not sys.argv[1:]]
    found = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    for case in chosen:
        with tempfile.TemporaryDirectory() as folder:
            found[case.name] = {"measured_mb": round(measured(case, Path(folder)) / 1e6)}
        _beside(found)
        RESULTS.write_text(json.dumps(found, indent=2) + "\n")
    missed = 0
    for name, row in found.items():
        holds = BAR[0] <= row["ratio"] <= BAR[1]
        missed += not holds
        sys.stdout.write(
            f"{name:48} {row['declared_mb']:6} MB declared {row['measured_mb']:6} MB measured  "
            f"{row['ratio']:.2f}  {'ok' if holds else 'MISSED'}\n"
        )
    return 1 if missed else 0


def _beside(found: dict[str, Any]) -> None:
    """Put what is declared beside what was measured, also earlier."""
    for case in CASES:
        if row := found.get(case.name):
            row["declared_mb"] = round(declared(case) / 1e6)
            row["ratio"] = round(row["declared_mb"] / row["measured_mb"], 2)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--alone"]:
        [one] = [case for case in CASES if case.name == sys.argv[2]]
        sys.stdout.write(str(_alone(one, Path(sys.argv[3]))))
    else:
        sys.exit(main())
