"""Teaching through the one door: a lesson that is carried out, and maps that teach nothing."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.torch import load_file

from tests.factories.measurements import counts, summary_of
from workers import run as door
from workers.measurement import Measurement
from workers.recipes.catalogue import RECIPES, ParameterErrors
from workers.store import RunPreview, RunStore, write_measurement
from workers.training import teach as teaching
from workers.training.teach import Figures

SIDE = 64  # 32 cells of 2 × 2: the smallest that can be taught with


def specimen(seed: int, side: int = SIDE) -> Measurement:
    return counts(shape=(side, side), seed=seed)


def known(judge: Measurement | None = None, **facts: object) -> dict[str, object]:
    """What the portal tells the recipe of two maps."""
    other = summary_of(judge or specimen(1)) | {"name": "Ooid B4", "content_hash": "2"} | facts
    return summary_of(specimen(0)) | {"content_hash": "1", "others": {"b@1": other}}


def knock(folder: Path, on: Measurement, judge: Measurement, stop_after: int = 10**6) -> dict:
    for name, each in (("on", on), ("judge", judge)):
        write_measurement(folder / name, each)
    said: list[tuple[str, float]] = []
    summary = door.run(
        "teach",
        folder / "on",
        folder / "run.zarr",
        {"judge": str(folder / "judge"), "scale": 2, "steps": 10},
        seed=0,
        report=lambda *each: said.append(each),
        should_stop=lambda: len(said) > stop_after,
    )
    fractions = [fraction for _, fraction in said]
    assert fractions == sorted(fractions)
    assert ("learning, step 10 of 10", 2 / 3) in said
    return summary


def test_a_lesson_leaves_its_card_and_its_curve(tmp_path):
    summary = knock(tmp_path, specimen(0), specimen(1))
    store, card = RunStore(tmp_path / "run.zarr"), summary["card"]
    assert json.loads(store.file("card.json").read_text()) == card
    header, *steps = store.lines("curve.csv")
    assert header == "step,loss"
    assert [int(line.split(",")[0]) for line in steps] == list(range(1, 11))
    assert card["steps"] == 10
    assert card["taught_on"]["sha256"] != card["judged_on"]["sha256"]
    assert (store.path / "cell2.safetensors").exists() is card["accepted"]
    assert str(tmp_path) not in json.dumps(store.attributes)


def test_weights_are_kept_only_where_they_are_better(tmp_path, monkeypatch):
    found = iter([Figures(24.0, 0.02), Figures(25.0, 0.01)])
    monkeypatch.setattr(teaching, "judged", lambda *asked: next(found))
    summary = knock(tmp_path, specimen(0), specimen(1))
    assert summary["verdict"][0] == "ACCEPTED"
    weights = RunStore(tmp_path / "run.zarr").file("cell2.safetensors")
    assert len(load_file(weights)) > 3
    assert summary["card"]["weights"].keys() == {"cell2.safetensors"}


def test_the_curve_can_be_read_while_it_grows(tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(teaching, "judged", lambda *asked: Figures(24.0, 0.02))
    whole = teaching.taught

    def watched(*asked, **more):
        net = whole(*asked, **more)
        seen.extend(RunPreview(tmp_path / "run.zarr").lines("curve.csv"))
        return net

    monkeypatch.setattr(teaching, "taught", watched)
    knock(tmp_path, specimen(0), specimen(1))
    assert len(seen) == 11


def test_a_lesson_stops_when_told_and_leaves_nothing(tmp_path):
    with pytest.raises(door.Stopped):
        knock(tmp_path, specimen(0), specimen(1), stop_after=3)
    assert {path.name for path in tmp_path.iterdir()} == {"on", "judge"}


@pytest.mark.parametrize(
    ("judge", "sentence"),
    [
        (specimen(0), "is the map to teach with"),
        (specimen(1, 60), "takes at least 64 a side"),
        (replace(specimen(1), values=specimen(1).values + np.float32(0.5)), "no whole counts"),
        (replace(specimen(1), mask=np.eye(SIDE) > 0), "unmeasured pixels"),
    ],
)
def test_maps_that_say_nothing_are_refused_with_a_reason(tmp_path, judge, sentence):
    with pytest.raises(door.RunError, match=sentence):
        knock(tmp_path, specimen(0), judge)


def test_a_judge_that_is_gone_is_said(tmp_path):
    write_measurement(tmp_path / "on", specimen(0))
    with pytest.raises(door.RunError, match="judge by is no longer in the store"):
        door.run(
            "teach",
            tmp_path / "on",
            tmp_path / "run.zarr",
            {"judge": str(tmp_path / "gone"), "scale": 2, "steps": 10},
            seed=0,
            report=lambda *said: None,
            should_stop=lambda: False,
        )


@pytest.mark.parametrize(
    ("summary", "values", "sentence"),
    [
        (known(), {}, "choose one of the other maps"),
        (known(), {"judge": "c"}, "choose one of the other maps"),
        (known(content_hash="1"), {"judge": "b"}, "is the map to teach with, uploaded again"),
        (known(units="wt%"), {"judge": "b"}, "“Ooid B4” is in wt%, which cannot be split"),
        (known(specimen(1, 60)), {"judge": "b"}, "“Ooid B4” is 60 × 60 pixels"),
        (known(), {"judge": "b", "scale": 4}, "This map is 64 × 64 pixels; teaching at ×4"),
        (known(), {"judge": "b", "steps": 5}, "outside the range"),
    ],
)
def test_a_lesson_is_refused_before_it_is_queued(summary, values, sentence):
    with pytest.raises(ParameterErrors, match=sentence):
        RECIPES["teach"].clean({"scale": 2} | values, summary)


def test_the_judge_is_held_to_the_revision_it_has_now():
    recipe = RECIPES["teach"]
    cleaned = recipe.clean({"judge": "b", "scale": 2}, known())
    assert cleaned == {"judge": "b@1", "scale": 2, "steps": 200}
    assert recipe.clean(cleaned, known()) == cleaned
    longer = recipe.cost(cleaned | {"steps": 400}, known())
    assert longer > recipe.cost(cleaned, known()) > 0
