"""What a run on units says in sentences."""

from collections import Counter
from typing import Any

NO_COUNTS = (
    "Some pixels are negative, so the frames are not counts. Queue the run again without saying "
    "that they are."
)


def too_few(found: int, needed: int, what: str) -> str:
    """Why nothing can be learned, and what to do."""
    advice = {
        "brightest": "Check that one feature stands out of each frame, bright on a darker ground; "
        "add frames, or choose “every bright column” where they show a lattice.",
        "columns": "Choose a smaller window, or check that atoms are bright on a dark ground.",
        "walls": "Choose a smaller window, or check that domains differ in these frames.",
        "places": "Choose a smaller window, so that more places fit side by side.",
    }[what]
    units = {0: "No unit was", 1: "One unit was"}.get(found, f"Only {found} units were")
    return f"{units} found; it takes {needed} to learn what they have in common. {advice}"


def at_first_sight(seen: dict[str, Any]) -> str:
    """What the classical descriptor finds in a movie as it is read."""
    states, patches = seen["states"], f"patches of {seen['window']:.0f} pixels"
    if states is None:
        return (
            "Too little was followed through the frames at first sight to say anything of time "
            f"({patches})."
        )
    followed = {
        "brightest": "the brightest feature of each frame",
        "places": f"{states['tracks']} places side by side",
    }[seen["what"]]
    if states["count"] == 1:
        found = "one state, no change"
    else:
        plural = "s" * (states["changed"] != 1)
        found = f"{states['count']} states, {states['changed']} change{plural}"
        found += when(states, seen["what"])
    return f"At first sight, without any learning: {found}. Followed: {followed}, {patches}."


def verdict(summary: dict[str, Any]) -> list[str]:
    """The sentences on top of a result, the most important first."""
    said = [_of_states(summary)]
    if way := summary["path"]:
        said.append(_of_path(way))
    elif summary["states"] and summary["states"]["count"] > 1:
        said.append(
            "Too few networks agree for a pathway to be shown: add frames, or say what you know of "
            "the unit (its kinds, its turns, a window that holds it)."
        )
    said.append(_of_rival(summary))
    said.append(_of_turns(summary))
    if (left := summary["units"] - summary["explained"]) > 0:
        said.append(
            f"{left} of {summary['units']} units are not explained: decoded and put back in their "
            "pose they do not match their patch within its noise."
        )
    if summary["collapsed"]:
        names = ", ".join(f"z{k + 1}" for k in summary["collapsed"])
        said.append(f"{names} holds nothing: fewer latent variables would say the same.")
    return said


def _of_states(summary: dict[str, Any]) -> str:
    states, members = summary["states"], summary["members"]
    if states is None:
        return "No unit was followed through four frames: nothing is said about changes in time."
    agree = sum(each["states"] == states["count"] for each in members)
    voices = f"{agree} of {len(members)} networks agree"
    if states["count"] == 1:
        return f"One state; no change was found ({voices})."
    changes = f"{states['changed']} change{'s' * (states['changed'] != 1)}"
    return f"{states['count']} states, {changes}{when(states, summary['what'])} ({voices})."


def when(states: dict[str, Any], what: str) -> str:
    """The frames at which a lone unit changes; of many, the frame at which most do."""
    if not states["changes"]:
        return ""
    if states["tracks"] == 1:
        return ", at frame " + ", ".join(map(str, states["changes"][0]))
    often = Counter(frame for track in states["changes"] for frame in track)
    frame, count = often.most_common(1)[0]
    noun = "places" if what == "places" else "tracks"
    many = f"{len(states['changes'])} of {states['tracks']} {noun}"
    return f" in {many}, {count} of them at frame {frame}"


def _of_turns(summary: dict[str, Any]) -> str:
    if summary["what"] == "places":
        return "States are of places: how what lies there is turned is not taken for a change."
    if (turns := summary["order"]) > 1:
        return f"A turn by {360 / turns:.0f}° leaves a unit as it is: angles count modulo that."
    return "No turn leaves a unit as it is: angles count on the full circle."


def _of_path(way: dict[str, Any]) -> str:
    least = "at least " if way["at_ceiling"] else ""
    seen = (
        "All of the way was seen."
        if way["extrapolated_share"] == 0
        else f"{way['extrapolated_share']:.0%} of the way was never seen: those pictures are "
        "extrapolated."
    )
    return (
        f"From state {way['from'] + 1} to {way['to'] + 1} the way leads over {least}"
        f"{way['saddle']:.1f} nats ({way['low']:.1f} to {way['high']:.1f}). {seen}"
    )


def _of_rival(summary: dict[str, Any]) -> str:
    rival, states = summary["classical"], summary["states"]
    if rival is None or states is None:
        return "The classical descriptor says nothing about time here either."
    if rival["count"] == states["count"] and rival["changes"] == states["changes"]:
        return "The classical descriptor, without any learning, finds the same changes."
    return (
        f"The classical descriptor, without any learning, finds {rival['count']} "
        f"state{'s' * (rival['count'] != 1)} and {rival['changed']} "
        f"change{'s' * (rival['changed'] != 1)}: look at both before you believe either."
    )
