"""Which claims of a run on units stand, and what they stand on."""

from types import SimpleNamespace
from typing import Any

from fiducial.reports import unit_claims
from fiducial.reports.unit_claims import Claim

RATES = [
    {"start": 0, "end": 1, "count": 2, "per_frame": 0.136, "low": 0.036, "high": 0.346},
    {"start": 1, "end": 0, "count": 0, "per_frame": 0.009, "low": 0.0001, "high": 0.08},
]
STATES = {
    "count": 2,
    "frames": [16, 24],
    "changes": [[10, 18]],
    "changed": 2,
    "tracks": 1,
    "rates": RATES,
}


def claims(**changes: Any) -> dict[str, list[Claim]]:
    """The claims of a run whose networks agree, by what they are about."""
    summary = {
        "states": STATES,
        "classical": STATES,
        "members": [{"states": 2, "changed": 2}] * 3,
        "units": 40,
        "explained": 38,
        "noise": 0.056,
        "path": None,
    }
    found: dict[str, list[Claim]] = {}
    for claim in unit_claims.of_run(SimpleNamespace(summary=summary | changes)):
        found.setdefault(claim.about, []).append(claim)
    return found


def way(**changes: Any) -> Claim:
    told = {"from": 0, "to": 1, "saddle": 5.2, "low": 4.1, "high": 6.3}
    path = told | {"extrapolated_share": 0.0, "at_ceiling": False} | changes
    summary = {"path": path, "states": None, "units": 40, "explained": 40, "noise": 0.1}
    store = SimpleNamespace(summary=summary, table=lambda name: {})
    return next(claim for claim in unit_claims.of_run(store) if claim.about == "way")


def test_states_and_changes_stand_where_networks_and_the_classical_descriptor_agree() -> None:
    found = claims()
    (states,), (changes,) = found["states"], found["changes"]
    assert states.stands
    assert changes.stands
    assert changes.sentence == "A new state begins at frames 10, 18."
    assert ("voices", "networks with as many states", "3 of 3") in states.shown


def test_they_do_not_where_half_of_the_networks_see_something_else() -> None:
    torn = [{"states": 2, "changed": 2}, {"states": 1, "changed": 0}]
    (states,) = claims(members=torn)["states"]
    assert not states.stands
    assert states.because == "Not more than half of the networks find as many."


def test_they_do_not_where_the_classical_descriptor_says_something_else() -> None:
    found = claims(classical=STATES | {"changes": [[10, 19]]})
    (states,), (changes,) = found["states"], found["changes"]
    assert states.stands
    assert not changes.stands
    assert ("descriptor", "classical descriptor", "something else") in changes.shown
    assert not any(rate.stands for rate in found["rate"])


def test_a_rate_stands_once_its_change_was_seen_and_always_has_its_interval() -> None:
    seen, never = claims()["rate"]
    assert seen.stands
    assert seen.because == "Seen 2 times: known within a factor of 9.6."
    assert ("rate", "90 % interval", "0.036 to 0.346") in seen.shown
    assert not never.stands
    assert never.because.startswith("Never seen")


def test_units_are_known_where_nine_of_ten_are_explained() -> None:
    (known,) = claims()["units"]
    (unknown,) = claims(explained=35)["units"]
    assert known.stands
    assert not unknown.stands
    assert ("explained", "explained", "35 of 40") in unknown.shown


def test_a_way_stands_only_where_units_were_seen_all_along() -> None:
    assert way().stands
    assert not way(extrapolated_share=0.4).stands
    high = way(at_ceiling=True)
    assert not high.stands
    assert "at least 5.2 nats" in high.sentence


def test_where_no_unit_was_followed_nothing_is_claimed_about_time() -> None:
    assert set(claims(states=None, classical=None)) == {"units"}
