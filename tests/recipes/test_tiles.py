"""A run whose tiles were worked one by one is the same run, to the last bit."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.data import ROOT
from tests.recipes.test_xray import coarse_map, parameters, recipe_of
from workers.recipes.catalogue import RECIPES

ASKED: list[dict[str, Any]] = [
    {"factor": 2, "channels": ["Si", "Fe"]},
    {"factor": 1, "sampling": "fine", "strict": True, "channels": ["Si"]},
    {"factor": 2, "sampling": "psf", "channels": ["Si"]},
    {"estimator": "flow", "factor": 2, "channels": ["Si", "Fe"]},
]


@pytest.mark.parametrize("asked", ASKED, ids=str)
def test_a_split_run_is_the_whole_run_bit_by_bit(tmp_path: Path, asked: dict[str, Any]) -> None:
    measured = coarse_map(tmp_path / "r1.zarr", factor=asked["factor"], hole=True)
    sampling = asked.get("sampling", "binned")
    cleaned = parameters(**{"sampling": sampling, **asked})
    found = compared(measured, tmp_path, recipe_of(asked), cleaned)
    assert found["tiles"] == 9  # 32 × 32 cells in tiles of 12
    assert found["same_summary"]
    assert found["different"] == []
    assert found["made_late"] == []  # the finish had nothing left to ask the networks


def compared(
    measurement: Path, folder: Path, recipe: str, cleaned: dict[str, Any]
) -> dict[str, Any]:
    """What `tests.recipes.split` says, with tiles of 12 cells."""
    command = [sys.executable, "-m", "tests.recipes.split", str(measurement), str(folder), recipe]
    done = subprocess.run(
        [*command, json.dumps(cleaned)],
        env={**os.environ, "FIDUCIAL_TILE_CELLS": "12"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


@pytest.mark.parametrize(
    ("recipe", "side", "asked", "tiles"),
    [
        ("xray-ensemble", 512, {"factor": 1, "sampling": "fine"}, 1),  # cells of 2 × 2
        ("xray-ensemble", 513, {"factor": 1, "sampling": "fine"}, 4),
        ("xray-ensemble", 2048, {"factor": 4, "sampling": "binned"}, 64),
        ("xray-diffusion", 512, {"factor": 4, "sampling": "binned"}, 4),
        ("xray-diffusion", 512, {"factor": 4, "sampling": "binned", "estimator": "latent"}, 1),
        ("xray-variational", 512, {"factor": 4, "sampling": "binned"}, 1),
    ],
)
def test_a_recipe_says_how_far_its_work_can_be_shared(
    recipe: str, side: int, asked: dict[str, Any], tiles: int
) -> None:
    summary = {"channels": ["Si", "Fe"], "shape": [side, side], "networks": {}}
    cleaned = RECIPES[recipe].clean(asked, summary)
    said = RECIPES[recipe].split(cleaned, summary)
    assert said.tiles == tiles
