"""The curves of a model's card as figures, and what is said where there are none."""

from typing import Any

import pytest

from fiducial.viewer import appendix, figures, page

CURVES: dict[str, Any] = {
    "strata": {"all": {"0.9": 0.91, "0.5": 0.52}, "edge": {"0.9": 0.8, "0.5": 0.4}},
    "ranks": [0.25, 0.25, 0.1, 0.4],
    "tarp": {"histogram": [0.1, 0.2, 0.3, 0.4], "mean": 0.65, "control": 0.5},
    "reliability": [
        {"low": 0.0, "high": 0.05, "stated": 0.03, "count": 40, "absent": 1},
        {"low": 0.05, "high": 0.1, "stated": 0.08, "count": 10, "absent": 2},
        {"low": 0.1, "high": 1.0, "stated": 0.5, "count": 4, "absent": 4},
    ],
}
SUMMARY = {"calibration": {"specimens": 24, "curves": CURVES}}


def test_coverage_is_told_by_stratum_with_levels_rising() -> None:
    assert appendix.strata(SUMMARY) == {
        "levels": ["50 %", "90 %"],
        "rows": [("all", [0.52, 0.91]), ("edge", [0.4, 0.8])],
    }


def test_right_in_words_adds_up_the_groups_of_low_risk() -> None:
    assert appendix.right(SUMMARY) == {"most": "10\N{NO-BREAK SPACE}%", "real": 47, "count": 50}
    assert appendix.right(SUMMARY, most=0.01) is None


def test_reliability_shows_each_group_with_its_counting_interval() -> None:
    line, points = appendix.reliability(SUMMARY)["data"]
    assert line["x"] == line["y"] == [0, 1]
    assert points["y"] == [0.025, 0.2, 1.0]
    assert points["text"][1] == "2 of 10 absent"
    # Wilson's 95 % interval of 2 in 10 is 0.057 to 0.510.
    assert points["y"][1] + points["error_y"]["array"][1] == pytest.approx(0.510, abs=0.001)
    assert points["y"][1] - points["error_y"]["arrayminus"][1] == pytest.approx(0.057, abs=0.001)
    assert points["error_y"]["array"][2] == 0


@pytest.mark.parametrize(("name", "count"), [("ranks", 4), ("tarp", 4)])
def test_histograms_stand_beside_what_a_right_posterior_gives(name: str, count: int) -> None:
    bars, even = figures.OF_SUMMARY[name](SUMMARY)["data"]
    assert len(bars["x"]) == count
    assert set(even["y"]) == {1 / count}
    assert sum(bars["y"]) == pytest.approx(1)


@pytest.mark.parametrize("summary", [{}, {"calibration": {}}, {"calibration": {"curves": None}}])
def test_older_runs_have_no_curves_and_no_empty_figures(summary: dict[str, Any]) -> None:
    assert [figures.OF_SUMMARY[name](summary) for name in ("reliability", "ranks", "tarp")] == [
        None
    ] * 3
    assert appendix.strata(summary) is appendix.right(summary) is None


def test_curves_are_drawn_and_not_listed_among_the_facts() -> None:
    assert page.facts(page.without_curves(SUMMARY["calibration"])) == [
        ("calibration specimens", "24")
    ]


def test_factors_of_an_interval_are_listed_and_tables_left_to_the_download() -> None:
    calibration = {"interval": {"0.9": [1.5, 2.0]}, "survival": {"share": [[1.0, 0.5], [1.0, 0.6]]}}
    assert page.facts(calibration) == [
        ("standard deviations of the interval, from gentle to steep places · 0.9", "1.5, 2")
    ]
