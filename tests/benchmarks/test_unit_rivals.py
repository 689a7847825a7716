"""The rivals of `make benchmark-rvae`: how they are scored, shown, and left out."""

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.benchmarks import unit_rivals, unit_table
from tests.benchmarks.rvae import RESULT, with_side
from tests.benchmarks.unit_rivals import Answer, Patches, answer, scored, summary
from workers.training.motifs import GRAPHENE, motifs

MADE = motifs(GRAPHENE, 240, np.random.default_rng(0))
PATCHES = Patches("b", MADE, 1, 0.07, 0)
KEY = "rivals.atomai.syn_b.ari"


def test_a_rival_that_is_right_in_its_own_frame_comes_out_right():
    rng, sd = np.random.default_rng(1), np.full(240, 0.05)
    class_of = np.eye(3)[MADE.label] * [1, 1, 5]
    latents = np.column_stack([MADE.parameter, class_of[:, 1:]])
    mirrored = 0.3 - MADE.angle + sd * rng.standard_normal(240)
    found = scored(PATCHES, Answer(mirrored, sd, latents, 2.0))
    assert found["syn_b.angle_r"] > 0.98
    assert found["syn_b.angle_deg"] == pytest.approx(np.degrees(0.6745 * 0.05), rel=0.2)
    assert found["arcs90.coverage_b"] == pytest.approx(0.9, abs=0.06)
    assert found["syn_b.r2_in_class"] == pytest.approx(1)
    assert found["syn_b.ari"] == 1
    assert found["leakage"] == found["syn_b.leakage"] < 0.05
    assert found["speed.cpu_s_per_epoch_1000"] == 2


def test_a_constant_angle_says_nothing():
    told = Answer(np.zeros(240), np.ones(240), np.zeros((240, 3)) + MADE.parameter[:, None], 2.0)
    found = scored(PATCHES, told)
    assert found["syn_b.angle_r"] < 0.2
    assert found["syn_b.angle_deg"] > 15


def test_every_seed_stands_beside_the_median():
    rows = {"atomai": {0: [{"x": 1.0}, {"x": 2.0, "y": 4.0}], 1: [{"x": 3.0}]}, "other": {}}
    assert summary(rows) == {
        "rivals.atomai.x": 2.25,
        "rivals.atomai.x.seed_0": 1.5,
        "rivals.atomai.x.seed_1": 3.0,
        "rivals.atomai.y": 4.0,
        "rivals.atomai.y.seed_0": 4.0,
    }


def test_without_their_environment_rivals_are_left_out_with_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").symlink_to(str(shutil.which("false")))
    monkeypatch.setattr(unit_rivals, "ENVIRONMENT", tmp_path)
    figures, missing = unit_rivals.measured()
    assert figures == {}
    assert missing == [
        "The rivals were not measured: pyroved==0.3.0, atomai==0.8.1, six==1.17.0"
        " could not be installed."
    ]


def test_a_rival_that_does_not_get_to_an_end_says_why():
    with pytest.raises(LookupError, match="No module named 'pyroved'"):
        answer(Path(sys.executable), "pyroved_shipped", PATCHES)


def test_a_side_that_is_measured_again_replaces_only_itself():
    held = {"commit": "a", "syn_b.ari": 1.0, "rivals.commit": "a", KEY: 0.5}
    assert with_side(held, "rivals", {"rivals.commit": "b"}) == {
        "commit": "a",
        "syn_b.ari": 1.0,
        "rivals.commit": "b",
    }
    assert with_side(held, "ours", {"commit": "b"}) == {
        "commit": "b",
        "rivals.commit": "a",
        KEY: 0.5,
    }


def test_the_table_puts_rivals_beside_ours_and_leaves_out_what_they_do_not_say():
    figures = {"syn_b.ari": 0.99, "syn_b.ari.worst": 0.9, "syn_b.classical.ari": 0.98}
    figures |= {KEY: 0.3, f"{KEY}.seed_0": 0.25, f"{KEY}.seed_1": 0.35}
    lines = unit_table.table(figures).splitlines()
    line = next(line for line in lines if line.startswith("syn_b.ari"))
    assert " ".join(line.split()) == "syn_b.ari 0.990 0.900 0.95 to 1 holds 0.980 0.250 / 0.350"
    unlucky = unit_table.table({**figures, "syn_b.ari.worst": 0.6})
    assert "worst seed missed" in unlucky
    assert sum("missing" in line for line in lines) == len(unit_table.BARS) - 1


def test_the_page_shows_the_committed_figures():
    page = unit_table.DOCS.read_text()
    assert unit_table.with_figures(page, json.loads(RESULT.read_text())) == page
