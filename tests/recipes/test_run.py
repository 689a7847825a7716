"""The door between portal and science."""

from pathlib import Path

import numpy as np
import pytest

from tests.recipes.toy import RECIPE
from workers import run as door
from workers.recipes.catalogue import RECIPES


@pytest.fixture(autouse=True)
def toy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(RECIPES, RECIPE.name, RECIPE)


@pytest.fixture
def measured(tmp_path: Path) -> Path:
    (tmp_path / "r1.zarr").mkdir()
    return tmp_path / "r1.zarr"


def knock(measured: Path, recipe: str = "toy", *, stop_after: int = 99, **parameters: object):
    said: list[tuple[str, float]] = []
    summary = door.run(
        recipe,
        measured,
        measured.parent / "runs" / "1.zarr",
        {"steps": 3, "pause": 0, "mood": "well", **parameters},
        seed=2,
        report=lambda stage, fraction: said.append((stage, fraction)),
        should_stop=lambda: len(said) > stop_after,
    )
    return summary, said


def test_a_recipe_writes_its_store_reports_and_sums_up(measured):
    summary, said = knock(measured)
    assert summary["sum"] == 2 + 3 + 4
    assert said == [("counting", 0.0), ("counting", 1 / 3), ("counting", 2 / 3)]
    assert (measured.parent / "runs" / "1.zarr" / "zarr.json").exists()


def test_a_recipe_stops_when_told(measured):
    with pytest.raises(door.Stopped):
        knock(measured, stop_after=1)


def test_an_unknown_recipe_is_named_with_what_there_is(measured):
    with pytest.raises(door.RunError, match="does not know the recipe “alchemy”; it has xray"):
        knock(measured, "alchemy")


def test_a_measurement_that_is_gone_is_said(tmp_path):
    with pytest.raises(door.RunError, match="no longer in the store"):
        knock(tmp_path / "gone.zarr")


def test_nothing_is_ever_written_over(measured):
    knock(measured)
    with pytest.raises(FileExistsError):
        knock(measured)


def test_a_summary_is_made_plain_for_json_and_postgresql():
    said = door._plain(
        {1: np.float32(0.5), "nan": float("nan"), "map": np.arange(2), "pair": (np.inf, True)}
    )
    assert said == {"1": 0.5, "nan": None, "map": [0, 1], "pair": [None, True]}
