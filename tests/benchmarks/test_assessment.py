"""The harness of `make validate`: bars, intervals, and what is said of missing data."""

import json
import re

import numpy as np
import pytest

from tests.benchmarks.assessment import RESULTS, bars_of, validate
from tests.benchmarks.validate.part import Bar, Part, bootstrap, mean_of
from tests.benchmarks.validate.parts import PARTS
from tests.benchmarks.validate.show import DOCS, page_table, table, with_figures


def square(n: int) -> float:
    return float(n * n)


def no_units() -> list[int]:
    raise LookupError("no such specimen under FIDUCIAL_DATA")


def made(name: str, alone: bool = False) -> Part:
    bar = Bar("the mean of squares", 0, 10)
    return Part(
        name,
        {name: bar},
        lambda: [1, 2, 3],
        square,
        lambda rows: mean_of(name, rows),
        alone=alone,
    )


def test_parts_are_worked_in_processes_and_what_lacks_data_is_missing(capsys):
    lacking = Part("lacking", {}, no_units, square, lambda rows: {"lacking": 1.0})
    figures = validate([made("one"), lacking, made("two", alone=True)])
    assert figures["one"] == figures["two"] == pytest.approx(14 / 3)
    assert figures["one.ci95_low"] < 14 / 3 < figures["one.ci95_high"]
    assert "lacking" not in figures
    assert "lacking is missing: no such specimen" in capsys.readouterr().out


def test_the_bootstrap_interval_holds_the_true_mean_as_often_as_it_says():
    rng = np.random.default_rng(0)
    held = 0
    for _ in range(100):
        found = bootstrap("x", list(rng.normal(size=30)), np.mean, repeats=200)
        held += found["x.ci95_low"] <= 0 <= found["x.ci95_high"]
    assert 86 <= held <= 99
    assert mean_of("x", [2.0]) == {"x": 2.0}


@pytest.mark.parametrize(
    ("bar", "words", "verdicts"),
    [
        (Bar("", 0.5, 0.5), "0.5", ("missed", "holds", "missed")),
        (Bar("", low=0.5), "≥ 0.5", ("missed", "holds", "holds")),
        (Bar("", high=0.5), "≤ 0.5", ("holds", "holds", "missed")),
        (Bar("", 0.4, 0.6), "0.4 to 0.6", ("missed", "holds", "missed")),
        (Bar(""), "reported", ("", "", "")),
    ],
)
def test_a_bar_in_words_and_its_verdict(bar, words, verdicts):
    assert bar.words == words
    assert tuple(bar.verdict(x) for x in (0.1, 0.5, 0.9)) == verdicts


def test_a_missing_figure_stands_in_the_table_like_the_others():
    bars = bars_of([made("one"), made("two")])
    figures = {"one": 3.0, "one.ci95_low": 2.0, "one.ci95_high": 4.0}
    assert "3.000  2.000 to 4.000      0 to 10        holds" in table(bars, figures)
    assert "| `two` | the mean of squares | missing |  | 0 to 10 |  |" in page_table(bars, figures)


def test_the_page_keeps_what_people_wrote_around_its_figures():
    page = DOCS.read_text()
    assert with_figures(with_figures(page, "| a |"), "| b |") == with_figures(page, "| b |")
    with pytest.raises(ValueError, match="lost the markers"):
        with_figures("nothing here", "| a |")


def test_the_page_shows_the_figures_that_were_measured_and_no_others():
    measured = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    rows = re.findall(r"^\| `([\w.]+)` \|.*?\| (-?[\d.]+) \|", DOCS.read_text(), re.MULTILINE)
    assert len(rows) > 20 or not measured
    assert dict(rows) == {key: f"{measured[key]:.3f}" for key, _ in rows}


def test_every_part_has_a_name_and_keys_of_its_own():
    names = [part.name for part in PARTS]
    assert len(set(names)) == len(names)
    assert len(bars_of(PARTS)) == sum(len(part.bars) for part in PARTS)
