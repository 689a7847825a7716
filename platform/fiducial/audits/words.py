"""What audit windows are for and what they say, in sentences for pages and reports."""

from typing import Any

from fiducial.runs.models import Run
from workers.assessment.audit.claim import halves
from workers.assessment.audit.counts import LEVEL

from . import queries
from .models import Audit, Placement


def use(placement: Placement, number: int) -> str:
    """What window `number` (from 1) is for."""
    if not placement.is_drawn:
        return "gain"
    calibrating, _ = halves(len(placement.windows))
    return "calibrates" if (number - 1) % calibrating.step == calibrating.start else "audits"


def claim(audit: Audit) -> dict[str, Any]:
    """What an audit allows to be said of its run: the context of `audits/_said.html`.

    `tone`: "good" where the intervals held as promised, "warning" where they are too narrow.
    """
    found = audit.result
    together = found["all"]
    narrow = together["shown"]["high"] < LEVEL
    sealed = queries.sealed_before(audit)
    return {
        "audit": audit,
        "found": found,
        "tone": "warning" if narrow or not sealed else "good",
        "first": _first(together, narrow),
        "widened": _widened(together),
        "guarantee": _guarantee(found),
        "sealed": sealed,
        "before": sealed is not None,
        "sealing": _sealing(audit, sealed),
        "features": features(found["features"]),
        "false_per_10k": _per_10k(found["features"], "absent"),
        "expected_per_10k": _per_10k(found["features"], "expected"),
        "stage": _stage(found["registration"]),
        "dwell": f"{found['dwell_ratio']:.3g}",
    }


def features(found: dict[str, Any]) -> str:
    """Expected and found false features, side by side."""
    if not found["judged"]:
        return (
            "No feature in the windows stood far enough above the noise of the rescan to be looked "
            "for: their risks were not tested."
        )
    many = "1 feature" if found["judged"] == 1 else f"{found['judged']} features"
    return (
        f"{many} in the windows could be looked for in the rescan: {found['absent']} "
        f"{'was' if found['absent'] == 1 else 'were'} not there, where the risks expected "
        f"{found['expected']:.1f} ± {found['deviation']:.1f}."
    )


def worst(found: dict[str, Any]) -> str:
    """The failure that misleads most: what was not there although its risk was said to be low.

    Empty where every feature that was looked for was there, and for audits that kept none.
    """
    absent = [one for one in found.get("each", []) if one["absent"]]
    if not absent:
        return ""
    one = min(absent, key=lambda each: each["risk"])
    return (
        f"A feature of {one['element']} at row {one['y']}, column {one['x']} was given a risk of "
        f"{round(100 * one['risk'])} %, and was not there when it was measured again."
    )


def _first(together: dict[str, Any], narrow: bool) -> str:
    shown = together["shown"]
    judged = (
        "they are too narrow here"
        if narrow
        else "wider than needed"
        if shown["low"] > LEVEL
        else "as promised"
    )
    return (
        f"On this specimen the 90 % intervals as shown hold {percent(shown)} of what was counted "
        f"again: {judged}."
    )


def _widened(together: dict[str, Any]) -> str:
    change = together["widening"]
    how = f"Made {change:.2f} times as wide" if change >= 1 else f"Narrowed to {change:.2f} of that"
    return f"{how}, element by element, they hold {percent(together['widened'])}."


def _guarantee(found: dict[str, Any]) -> str:
    return (
        f"The shown intervals were counted on all {found['windows']} windows; the changed ones on "
        f"{found['auditing']} that had no part in changing them, which the other "
        f"{found['calibrating']} did. All were drawn at random before any result, so with 95 % "
        "confidence the share over the whole map lies in the interval given: for the elements "
        "listed, counted as long as the rescan was. It is an average over the map, and says "
        "nothing of a single pixel, a rare phase, or another specimen."
    )


def _sealing(audit: Audit, sealed: Any) -> str:
    came = f"{audit.rescan.announced:%-d %B %Y, %H:%M} UTC"
    if sealed:
        return (
            f"Predicted before measured: version {sealed.version} of its report was sealed on "
            f"{sealed.frozen:%-d %B %Y, %H:%M} UTC, the windows came on {came}."
        )
    run: Run = audit.run
    if run.created > audit.rescan.announced:
        return (
            f"Measured before predicted: the windows came on {came}, before this run was asked "
            "for. Whoever chose its parameters could have seen the answer."
        )
    return (
        f"Not sealed before measured: no report of this run was frozen before the windows came on "
        f"{came}. Freeze first next time; then nobody can ask."
    )


def _stage(registration: dict[str, Any]) -> str:
    rows, columns = registration["common"]
    if not rows and not columns:
        return "The stage was where the list says."
    down, right = ("down" if rows > 0 else "up"), ("right" if columns > 0 else "left")
    moved = [f"{abs(n)} px {way}" for n, way in ((rows, down), (columns, right)) if n]
    return f"The windows were found {' and '.join(moved)} of the list."


def _per_10k(found: dict[str, Any], what: str) -> str:
    return f"{1e4 * found[what] / found['area']:.1f}" if found["judged"] else ""


def percent(share: dict[str, float]) -> str:
    """A share with its interval: “87 % (95 % interval 83 to 91 %)”, not to be broken."""
    low, high = round(100 * share["low"]), round(100 * share["high"])
    return f"{round(100 * share['value'])}\u00a0% (95\u00a0% interval {low} to {high}\u00a0%)"
