"""What `make validate` makes of the answers of single specimens."""

from tests.benchmarks.validate import answers


def test_a_specimen_is_one_vote_and_obj1_stands_beside() -> None:
    rows = [
        answers.Row(4, {"mode": 1.0, "composition": 0.5}),  # no boundary to ask about
        answers.Row(8, {"mode": 0.5, "composition": 1.0, "profile": 0.9}),
        answers.Row(answers.REAL, {"mode": 0.25, "composition": 0.75, "profile": 0.0}),
    ]
    figures = answers._figures(rows)
    assert set(answers.BARS) <= set(figures)
    assert figures["answers.mode.coverage90"] == figures["answers.composition.coverage90"] == 0.75
    assert figures["answers.profile.coverage90"] == figures["answers.profile.coverage90_x8"] == 0.9
    assert figures["answers.mode.coverage90_obj1"] == 0.25
    assert "answers.profile.coverage90_x4" not in figures


def test_every_size_of_step_is_asked_with_specimens_that_served_nothing_else() -> None:
    units = answers._units()
    assert {factor for factor, _ in units} >= set(answers.FACTORS)
    assert answers.SEED > 1000
