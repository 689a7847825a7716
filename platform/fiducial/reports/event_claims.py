"""What a report on calorimeter events claims, each with what speaks for and against it."""

from typing import Any

from .unit_claims import Claim

AGREES = 1.5  # σ by which sums of samples may be off, all together
REACH = 5.0  # σ by which the sum of a cell may be off in a sample


def of_run(summary: dict[str, Any]) -> list[Claim]:
    """Claims of the sums, of the particles and of their number."""
    return [_sums(summary), _particles(summary), _number(summary)]


def _sums(summary: dict[str, Any]) -> Claim:
    sums = summary["consistency"]
    stands = sums["rms_sigma"] <= AGREES and sums["worst_sigma"] <= REACH
    return Claim(
        about="sums",
        sentence="Summed over finer cells, every sample agrees with what was measured.",
        stands=stands,
        because="They differ no more than noise does."
        if stands
        else "They differ by more than noise does.",
        shown=(
            ("event-sums", "all together", f"{sums['rms_sigma']:.2f} σ"),
            ("event-sums", "the furthest", f"{sums['worst_sigma']:.1f} σ"),
        ),
        evidence=sums,
    )


def _particles(summary: dict[str, Any]) -> Claim:
    particles = summary["particles"]
    return Claim(
        about="particles",
        sentence=f"{particles['count']:,} particles stand out of the estimates, of which about "
        f"{particles['expected_absent']:.0f} are none.",
        stands=bool(particles["count"]) and not _withheld(summary),
        because=_because(summary),
        shown=(("particle-risk", "more likely none than not", f"{particles['doubted']:,}"),),
        evidence=particles | {"abstained": summary["abstained"], "foreign": summary["foreign"]},
    )


def _number(summary: dict[str, Any]) -> Claim:
    number = summary["number"]
    return Claim(
        about="number",
        sentence=f"How many particles there are is sure in {number['sure']:,} of "
        f"{summary['events']:,} events.",
        stands=bool(number["sure"]) and not _withheld(summary),
        because=_because(summary),
        shown=(("particle-number", "a toss-up in", f"{number['open']:,} events"),),
        evidence=number,
    )


def _withheld(summary: dict[str, Any]) -> bool:
    """Whether the calorimeter, or most of its events, are not what the networks were taught."""
    return bool(summary["foreign"]) or 2 * summary["abstained"] > summary["events"]


def _because(summary: dict[str, Any]) -> str:
    if summary["foreign"]:
        return str(summary["foreign"][0])
    if _withheld(summary):
        return "Most events do not look like those the networks were taught with."
    if summary["abstained"]:
        return (
            f"{summary['abstained']:,} of the events do not look like those that were taught; of "
            "them it is not claimed."
        )
    return "All events look like those the networks were taught with."
