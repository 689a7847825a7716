"""What the page of a run claims, from its summary."""

from typing import Any

import pytest

from fiducial.viewer import assessed, figures

SUMMARY: dict[str, Any] = {
    "calibration": {"specimens": 24, "interval": {"0.95": 2.0, "0.5": 0.7, "0.9": 1.7}},
    "withdrawn": {"Si": [], "Fe": ["material", "thinning"]},
    "per_channel": {
        "Si": {"evidence": {"sizes": [2, 4], "shares": [0.2, 0.7]}},
        "Fe": {"evidence": {"sizes": [2, 4], "shares": [0.1, 0.4]}},
    },
}


def test_levels_rise_and_are_offered_only_where_there_is_a_choice() -> None:
    assert assessed.levels(SUMMARY) == [("0.5", "50 %"), ("0.9", "90 %"), ("0.95", "95 %")]
    assert assessed.levels({"calibration": {"interval": {"0.9": 1.7}}}) == []
    assert assessed.levels({}) == []


def test_what_was_withdrawn_is_said_in_words() -> None:
    assert assessed.of_element(SUMMARY, "Si") == {"withdrawn": [], "calibrated_on": 24}
    reasons = assessed.of_element(SUMMARY, "Fe")["withdrawn"]
    assert reasons == ["unlike the training scenes", "the data-only check failed"]
    # Runs of before the checks say nothing of them.
    assert assessed.of_element({}, "Si") == {"withdrawn": [], "calibrated_on": None}


@pytest.mark.parametrize(
    ("bits", "samples", "asked_from", "letters"),
    [(0b1011, 4, 0, "1101"), (0b110000, 6, 4, "----11"), (1 << 63, 64, 0, "0" * 63 + "1")],
)
def test_presence_is_one_letter_per_sample(bits, samples, asked_from, letters) -> None:
    assert assessed.presence(bits, samples, asked_from) == letters


def test_the_curve_of_evidence_shows_one_element_before_the_others() -> None:
    figure = figures.evidence(SUMMARY, "Fe")
    others, chosen, half = figure["data"]
    assert (chosen["name"], chosen["y"]) == ("Fe", [0.1, 0.4])
    assert others["y"] == [0.2, 0.7, None]
    assert set(half["y"]) == {0.5}
    assert figures.evidence(SUMMARY, "nothing")["data"][1]["name"] == "Si"
    assert figures.evidence({"per_channel": {"Si": {}}}) is None
