"""What a run checks of itself only ever withdraws a claim."""

from typing import Any

from workers.recipes import words
from workers.recipes.checking import withdrawn

GOOD = {"coverage": 0.9, "chi2": 1.02, "smooth": 1.2, "raw": 2.0, "pixels": 900, "failure": ""}
KNOWN = {"known": True, "distance": 1.0, "limit": 2.0}


def checks(known: dict[str, Any] | None = KNOWN, **failures: str) -> dict[str, Any]:
    each = {el: {**GOOD, "failure": failures.get(el, "")} for el in ("Si", "Fe")}
    return {"thinning": {"pixels": 900, "checks": each}, "material": known}


def channels(**chi2: float) -> dict[str, dict[str, float]]:
    return {el: {"chi2_samples": chi2.get(el, 1.0)} for el in ("Si", "Fe")}


def test_nothing_is_withdrawn_where_everything_agrees():
    assert withdrawn(channels(), checks()) == {"Si": [], "Fe": []}
    assert withdrawn(channels(), checks(known=None)) == {"Si": [], "Fe": []}


def test_each_check_withdraws_what_it_is_about():
    found = withdrawn(channels(Si=1.4), checks(Fe="narrow"))
    assert found == {"Si": ["chi2"], "Fe": ["thinning"]}
    strange = {"known": False, "distance": 3.1, "limit": 2.0}
    assert withdrawn(channels(), checks(strange)) == {"Si": ["material"], "Fe": ["material"]}


def test_without_a_split_there_is_no_failure_to_report():
    unsplit = {"thinning": {"reason": "not whole counts"}, "material": None}
    assert withdrawn(channels(), unsplit) == {"Si": [], "Fe": []}


def verdict(found: dict[str, Any]) -> list[str]:
    shares = {"measured": 0.8, "smooth": 0.1, "learned": 0.1}
    said = {
        el: {"chi2_samples": 1.0, "limited_by": "noise", "shares": shares} for el in ("Si", "Fe")
    }
    features = {"count": 3, "low_risk": 1, "high_risk": 1}
    return words.verdict(4, said, {"suspicious": False}, features, 0.02, found)


def test_a_failed_check_comes_first_in_the_verdict_and_says_by_how_much():
    failed = checks(Fe="narrow")
    failed["thinning"]["checks"]["Fe"]["coverage"] = 0.71
    assert verdict(failed)[0].startswith(
        "The data-only check failed for Fe: predicted from half of the counts of Fe, only 71 %"
    )
    strange = checks({"known": False, "distance": 3.14, "limit": 2.0})
    assert verdict(strange)[0].startswith("Not calibrated for this material")
    assert "distance 3.1, limit 2.0" in verdict(strange)[0]
    assert not any("check" in line or "material" in line for line in verdict(checks()))
