"""What the page of a run claims and on what evidence, in the words its templates need."""

from typing import Any

from workers.store import RunStore

SHOWN_LEVEL = "0.9"  # of the interval that the store holds

REASONS = {  # why a run withdrew its calibration, as `withdrawn` in the summary names them
    "network": "the network was taught by the lab and never calibrated",
    "material": "unlike the training scenes",
    "chi2": "the samples do not scatter as counting noise does",
    "thinning": "the data-only check failed",
}
FAILURES = {  # of the data-only check
    "narrow": "failed: the range is too narrow",
    "wide": "failed: the range is too wide",
    "rough": "failed: the smoothest picture did better",
}


def context(store: RunStore) -> dict[str, Any]:
    """What the templates say of claims: interval levels, green list, checks."""
    summary = store.summary
    return {
        "levels": levels(summary),
        "green": summary.get("features", {}).get("green"),
        "checked": checked(summary),
        "unchecked": summary.get("thinning", {}).get("reason"),
        "material": summary.get("material"),
    }


def of_element(summary: dict[str, Any], element: str) -> dict[str, Any]:
    """On what the claims about one element rest: why they are withdrawn, or how they were made."""
    withdrawn = summary.get("withdrawn", {}).get(element, [])
    return {
        "withdrawn": [REASONS[reason] for reason in withdrawn],
        "calibrated_on": summary.get("calibration", {}).get("specimens"),
    }


def intervals(summary: dict[str, Any]) -> dict[str, float]:
    """Half-width of every interval the run can show, in standard deviations, by level."""
    factors: dict[str, float] = summary.get("calibration", {}).get("interval", {})
    return dict(sorted(factors.items(), key=lambda item: float(item[0])))


def levels(summary: dict[str, Any]) -> list[tuple[str, str]]:
    """The levels to choose from, as (value, words); none where the run tells only one."""
    found = [(level, percent(level)) for level in intervals(summary)]
    return found if len(found) > 1 and SHOWN_LEVEL in intervals(summary) else []


def percent(level: str) -> str:
    """A level such as "0.9" as people write it."""
    return f"{100 * float(level):g} %"


def checked(summary: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows of the data-only check; empty where none was made."""
    checks = summary.get("thinning", {}).get("checks", {})
    return [
        {"element": element, **check, "words": FAILURES.get(check["failure"], "passed")}
        for element, check in checks.items()
    ]


def presence(bits: int, samples: int, asked_from: int = 0) -> str:
    """One letter per posterior sample: 1 where it has the feature, 0 where not, "-" unasked."""
    asked = "".join(str(bits >> k & 1) for k in range(asked_from, samples))
    return "-" * asked_from + asked
