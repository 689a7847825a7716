import pytest

from fiducial.viewer.templatetags.shares import percent


@pytest.mark.parametrize(
    ("share", "words"),
    [(0, "0 %"), (0.001, "below 1 %"), (0.126, "13 %"), (0.999, "above 99 %"), (1, "100 %")],
)
def test_percent_never_rounds_a_doubt_away(share: float, words: str) -> None:
    assert percent(share) == words
