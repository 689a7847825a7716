"""Recipes say what memory they need, and need about that."""

import json
import sys
from pathlib import Path

import pytest

from tests.benchmarks.memory import BAR, CASES, RESULTS, Case, declared, measured
from workers.recipes import (
    calorimeter,
    teach,
    units,
    xray_diffusion,
    xray_ensemble,
    xray_variational,
)

SHIPPED = (xray_ensemble, xray_diffusion, xray_variational, units, teach, calorimeter)
SMALL = Case("xray-ensemble", (1, 64, 64), {"factor": 2, "sampling": "binned"})


@pytest.mark.parametrize("recipe", [module.RECIPE for module in SHIPPED], ids=lambda one: one.name)
def test_a_shipped_recipe_declares_about_the_memory_that_was_measured(recipe) -> None:
    kept = json.loads(RESULTS.read_text())
    cases = [case for case in CASES if case.recipe == recipe.name and case.name in kept]
    assert cases
    for case in cases:
        ratio = declared(case) / 1e6 / kept[case.name]["measured_mb"]
        assert BAR[0] <= ratio <= BAR[1], case.name


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel tells the peak under /proc")
def test_a_small_run_needs_about_the_memory_it_declares(tmp_path: Path) -> None:
    assert 0.7 < declared(SMALL) / measured(SMALL, tmp_path) < 1.6


def test_networks_need_no_more_for_a_map_of_many_tiles() -> None:
    """Only what is kept of the map grows: far less than the networks take for a tile."""
    one = declared(Case("xray-ensemble", (10, 512, 512), {}))
    four = declared(Case("xray-ensemble", (10, 1024, 1024), {}))
    assert four < 2.5 * one
