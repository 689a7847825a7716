"""What a report on units claims, each with what speaks for and against it."""

from collections.abc import Iterator
from typing import Any

from workers.store import RunStore

from .stated import Claim

EXPLAINED = 0.9  # share of units above which the network is said to know them


def of_run(store: RunStore) -> list[Claim]:
    """Every claim of the run: of states, their changes and rates, of units, of the way."""
    summary = store.summary
    found = [_units(summary)]
    if summary["states"]:
        states = list(_states(summary))
        founded = all(claim.stands for claim in states)
        found = [*states, *_rates(summary["states"], founded), *found]
    if summary["path"]:
        found.append(_way(store))
    return found


def _states(summary: dict[str, Any]) -> Iterator[Claim]:
    states, rival = summary["states"], summary["classical"]
    count = states["count"]
    is_one = f"There {'is one state' if count == 1 else f'are {count} states'}."
    yield _compared(summary, "states", "states", count, is_one, rival and rival["count"] == count)
    if count > 1:
        same = rival and rival["changes"] == states["changes"]
        yield _compared(summary, "changes", "changed", states["changed"], _when(states), same)


def _compared(
    summary: dict[str, Any], about: str, key: str, value: int, sentence: str, same: bool | None
) -> Claim:
    """A claim that stands where most networks and the classical descriptor say the same."""
    members, rival = summary["members"], summary["classical"]
    agree = sum(each[key] == value for each in members)
    most = 2 * agree > len(members)
    return Claim(
        about=about,
        sentence=sentence,
        stands=most and bool(same),
        because=_because(most, bool(same)),
        shown=(
            ("voices", f"networks with as many {about}", f"{agree} of {len(members)}"),
            ("descriptor", "classical descriptor", "the same" if same else "something else"),
        ),
        evidence={"found": summary["states"], "members": members, "classical": rival},
    )


def _because(most: bool, same: bool) -> str:
    if most and same:
        return "Most networks find as many, and the classical descriptor says the same."
    if most:
        return "The classical descriptor says something else: look at both."
    return "Not more than half of the networks find as many."


def _when(states: dict[str, Any]) -> str:
    changed = states["changed"]
    if not changed:
        return "No unit changes from one state to another."
    if len(states["changes"]) == 1:
        frames = ", ".join(map(str, states["changes"][0]))
        return f"A new state begins at frame{'s' * (changed != 1)} {frames}."
    return f"{changed} changes in {states['tracks']} units that were followed."


def _rates(states: dict[str, Any], founded: bool) -> Iterator[Claim]:
    """Rates stand on the states between which they are counted."""
    for rate in states["rates"]:
        seen, frames = rate["count"], states["frames"][rate["start"]]
        factor = rate["high"] / rate["low"]
        because = "Never seen: the interval says how often it could have been missed."
        if seen:
            times = "once" if seen == 1 else f"{seen} times"
            because = f"Seen {times}: known within a factor of {factor:.2g}."
        if not founded:
            because = "It stands on states or changes that do not stand."
        yield Claim(
            about="rate",
            sentence=f"State {rate['start'] + 1} changes to state {rate['end'] + 1} at a rate of "
            f"{rate['per_frame']:.3f} per frame.",
            stands=founded and seen > 0,
            because=because,
            shown=(
                ("rate", "90 % interval", f"{rate['low']:.3f} to {rate['high']:.3f}"),
                ("state", "seen, in frames of the state", f"{seen} in {frames}"),
            ),
            evidence={**rate, "frames": frames},
        )


def _units(summary: dict[str, Any]) -> Claim:
    known, count = summary["explained"], summary["units"]
    stands = known >= EXPLAINED * count
    return Claim(
        about="units",
        sentence="The units are what the network learned: one picture for each kind, turned, moved "
        "and varied.",
        stands=stands,
        because=f"{'At least' if stands else 'Fewer than'} nine of ten match their patch within "
        "its noise.",
        shown=(
            ("explained", "explained", f"{known} of {count}"),
            ("unit-noise", "learned noise", f"{summary['noise']:.3f}"),
        ),
        evidence={"explained": known, "units": count, "noise": summary["noise"]},
    )


def _way(store: RunStore) -> Claim:
    way, table = store.summary["path"], store.table("path")
    unseen = way["extrapolated_share"]
    least = "at least " if way["at_ceiling"] else ""
    return Claim(
        about="way",
        sentence=f"From state {way['from'] + 1} to {way['to'] + 1} the way leads over {least}"
        f"{way['saddle']:.1f} nats.",
        stands=unseen == 0 and not way["at_ceiling"],
        because=_seen(unseen > 0, way["at_ceiling"]),
        shown=(
            ("saddle", "interval", f"{way['low']:.1f} to {way['high']:.1f} nats"),
            ("extrapolated", "extrapolated", f"{round(100 * unseen)} % of the way"),
        ),
        evidence={
            **way,
            "steps": {name: values.tolist() for name, values in sorted(table.items())},
        },
    )


def _seen(unseen: bool, at_ceiling: bool) -> str:
    if unseen:
        return "Part of it was never seen: what lies there is the network's idea."
    if at_ceiling:
        return "F ends where it says nothing but “never”: the way may be higher."
    return "Units were seen all along it."
