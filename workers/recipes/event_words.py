"""What a run on calorimeter events found, in sentences."""

from typing import Any

SURE, DOUBTED = 0.9, 0.5  # P(N) from which a number is sure; risk from which a particle is not


def verdict(summary: dict[str, Any]) -> list[str]:
    """Plain words, most important first."""
    return [
        *summary["foreign"],
        _particles(summary),
        _numbers(summary),
        _sums(summary),
        *_abstained(summary),
        *_closure(summary),
        *_masses(summary),
        *_judged(summary),
    ]


def foreign(
    pitch_mm: float, taught_mm: float, noise: list[float], taught: list[float]
) -> list[str]:
    """Why nothing learned may be claimed of this calorimeter; empty where it is the taught one."""
    found = []
    if abs(pitch_mm / taught_mm - 1) > 0.1:
        found.append(
            f"Finer cells are {pitch_mm:.3g} mm wide; the networks were taught with {taught_mm:g} "
            "mm. Shapes of showers are wrong by that much, so nothing is claimed."
        )
    if any(abs(here / there - 1) > 0.25 for here, there in zip(noise, taught, strict=True)):
        said = ", ".join(f"{each:.3g}" for each in noise)
        known = ", ".join(f"{each:g}" for each in taught)
        found.append(
            f"The noise of a cell is {said} MeV in the layers; the networks were taught with "
            f"{known} MeV. Intervals are wrong by that much, so nothing is claimed."
        )
    return found


def _particles(summary: dict[str, Any]) -> str:
    particles = summary["particles"]
    if not particles["count"]:
        return f"No particle stands out of the estimate of {_events(summary['events'])}."
    return (
        f"{particles['count']:,} particles stand out of the estimates of "
        f"{_events(summary['events'])}; {particles['doubted']:,} of them are more likely a "
        f"hallucination than not, and {particles['expected_absent']:.0f} in all are to be expected "
        "to be none."
    )


def _numbers(summary: dict[str, Any]) -> str:
    number = summary["number"]
    return (
        f"How many particles there are is sure (P ≥ {SURE:g}) in {number['sure']:,} of "
        f"{_events(summary['events'])}, and a toss-up (P < {DOUBTED:g}) in {number['open']:,}."
    )


def _sums(summary: dict[str, Any]) -> str:
    sums = summary["consistency"]
    return (
        f"Summed over finer cells, samples are {sums['rms_sigma']:.2f} σ from what was measured, "
        f"{sums['worst_sigma']:.1f} σ at most."
    )


def _abstained(summary: dict[str, Any]) -> list[str]:
    count = summary["abstained"]
    if not count or summary["foreign"]:
        return []
    verb = "does" if count == 1 else "do"
    return [
        f"{_events(count)} {verb} not look like those the networks were taught with: nothing is "
        "claimed of them."
    ]


def _closure(summary: dict[str, Any]) -> list[str]:
    closed = summary["closure"]
    if not closed:
        return []
    return [
        f"Closure: coarsened once more and recovered, the measured cells of "
        f"{_events(closed['events'])} are off by {closed['rel_rmse']:.2f} of them; an even split "
        f"is by {closed['even_rel_rmse']:.2f}."
    ]


def _masses(summary: dict[str, Any]) -> list[str]:
    found = summary["masses"]
    if not found:
        return []
    return [
        f"The masses of {found['pairs']:,} pairs of particles crowd at {found['mev']:.0f} MeV "
        f"({found['low']:.0f} to {found['high']:.0f}), half of them within "
        f"{found['half_width']:.0f} MeV of it; a π⁰ has 135."
    ]


def _judged(summary: dict[str, Any]) -> list[str]:
    judged = summary["judged"]
    if not judged:
        return []
    return [
        f"The truth is in the files: the estimate is off by {judged['rel_rmse']:.2f} of it, an "
        f"even split by {judged['even_rel_rmse']:.2f}; {100 * judged['coverage90']:.0f} % of the "
        f"cells from {judged['from_mev']:g} MeV on lie in their 90 % intervals."
    ]


def _events(count: int) -> str:
    return f"{count:,} event{'' if count == 1 else 's'}"
