"""Reading “Si 20 ± 12, Cr trace”, and the sentence for everything else."""

import pytest

from fiducial.plans.amounts import Amount, Unreadable, read

WORDS = ("major", "minor", "trace")


def test_numbers_words_spreads_and_any_separator():
    found = read("Si 20 ± 12, mg15 +- 3.5;\nCr trace, Fe 7 wt%, Ca 2% +/- 1 %,", WORDS)
    assert found == [
        Amount("Si", 20.0, 12.0),
        Amount("Mg", 15.0, 3.5),
        Amount("Cr", "trace", None),
        Amount("Fe", 7.0, None),
        Amount("Ca", 2.0, 1.0),
    ]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("Xx 20", "“Xx” is no element"),
        ("Si", "Si has no amount"),
        ("Si 20, Si 3", "Si stands here twice"),
        ("Si lots", "give Si a number or major, minor, trace"),
        ("Si 0", "Si is given as 0"),
        ("Si 2,5", "“5” could not be read"),
        ("Si -3", "“Si -3” could not be read"),
        ("Si 1e9999", "could not be read"),
        ("Si nan", "give Si a number"),
        ("<script>alert(1)</script>", "could not be read"),
        (", ".join(["Si 1"] * 21), "21 elements are more than a plan shows"),
        ("Si " + "9" * 500, "could not be read"),
    ],
)
def test_what_cannot_be_read_is_said_at_its_place(text, sentence):
    with pytest.raises(Unreadable, match=sentence.replace("(", r"\(")):
        read(text, WORDS)
