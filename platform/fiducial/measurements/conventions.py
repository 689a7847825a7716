"""The convention of a scan in words: what the file said, what its frames show, what was done."""

from typing import Any

VALUES = {"counts": "counts", "amplitude": "amplitudes, squared into counts"}
PLACES = {"corner": "the corner, [0, 0]", "middle": "the middle of the frame"}
UNITS = {"px": "pixels of the object", "m": "metres", "um": "micrometres", "nm": "nanometres"}


def rows(summary: dict[str, Any]) -> list[tuple[str, str]]:
    """(what, words) for a table; what a reader did not keep has no row."""
    held = summary.get("convention", {})
    found = [
        ("Numbers", _values(held.get("values"))),
        ("Zero frequency", _zero(held.get("zero"))),
        ("Unit of the places", _unit(held.get("position_unit"))),
        ("Axes of the places", _axes(held.get("geometry"))),
        ("Power of the probe", _power(held.get("probe_power"))),
    ]
    return [(what, words) for what, words in found if words]


def _values(held: dict[str, Any] | None) -> str:
    if not held:
        return ""
    seen, stated = held.get("seen"), held.get("stated")
    words = VALUES[held["used"]]
    return f"{words}; {_stated(stated and VALUES[stated].partition(',')[0])}, " + (
        f"and their noise is that of {VALUES[seen].partition(',')[0]}"
        if seen
        else "and their noise does not tell"
    )


def _zero(held: dict[str, Any] | None) -> str:
    if not held:
        return ""
    row, column = held["centre"]
    seen = f"the counts lie about {PLACES[held['seen']]}" if held["seen"] else "not to be seen"
    return (
        f"{_stated(held['stated'] and PLACES[held['stated']])}; {seen} (row {row:.1f}, column "
        f"{column:.1f} of the file)"
    )


def _unit(held: dict[str, Any] | None) -> str:
    if not held:
        return ""
    used = UNITS.get(held["used"] or "", "not known")
    return used if held["used"] == held["stated"] else f"{used}, as a person says"


def _axes(held: dict[str, Any] | None) -> str:
    if not held:
        return ""
    if not held["tells"]:
        return "these frames do not tell whether they are those of the frames"
    ratio = f"curl² over divergence² of the centres of mass is {held['ratio']:.2g}"
    if held["right"]:
        return f"those of the frames ({ratio}; at best {held['best']:.2g}), up to half a turn"
    how = " and one axis reversed or both swapped" if held["mirrored"] else ""
    return f"not those of the frames: {ratio}, {held['best']:.2g} at {held['angle_deg']:.0f}°{how}"


def _power(held: dict[str, Any] | None) -> str:
    if not held:
        return ""
    file, frame = _plain(held["file"]), _plain(held["mean_counts"])
    return f"{file} in the file, scaled to the {frame} of a frame"


def _plain(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.4g}"


def _stated(words: str | None) -> str:
    return f"the file says {words}" if words else "the file does not say"
