"""What a run on a rocking curve says in sentences."""

from typing import Any

ALIKE = 0.95  # correlation of two starts from which their details may be believed
FITS = 0.02  # of the squared amplitude error
SHARES = 0.5  # of the transfer, of all starts


def verdict(summary: dict[str, Any]) -> list[str]:
    """The sentences on top of a result, the most important first."""
    return [_of_starts(summary), _of_fit(summary), _of_detail(summary), _of_size(summary)]


def _of_starts(summary: dict[str, Any]) -> str:
    least, count = summary["agreement"]["least"], len(summary["misfit"]["squared"])
    said = f"{count} starts found crystals that correlate by {least:.2f} or more."
    if least >= ALIKE:
        return said + " They are one crystal, so far as its counts can tell."
    return said + " Believe what they share; details and phases that differ were not measured."


def _of_fit(summary: dict[str, Any]) -> str:
    best, root = min(summary["misfit"]["squared"]), min(summary["misfit"]["root"])
    fits = "explains" if best <= FITS else "does not explain"
    return (
        f"The best start {fits} the counts: squared amplitude error {best:.4f} (its root, as "
        f"papers often state it: {root:.3f})."
    )


def _of_detail(summary: dict[str, Any]) -> str:
    period = summary["agreement"]["period_px"]
    if period is None:
        return f"On no ring do the starts share {SHARES:.0%} of the amplitude: believe no detail."
    return (
        f"Down to a period of {period:.1f} voxels the starts share {SHARES:.0%} of the amplitude."
    )


def _of_size(summary: dict[str, Any]) -> str:
    sides = " × ".join(str(side) for side in summary["crystal"]["sides"])
    return (
        f"Above 0.3 of its largest magnitude the crystal takes {summary['crystal']['voxels']} "
        f"voxels within {sides}, in the axes of angle, row and column: the file does not state the "
        "geometry that would give nanometres."
    )
