"""Rescanned windows of one map: each read like a map of its own, then stacked into one."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from workers.measurement import Measurement, Problem
from workers.readers import reading
from workers.readers.contents import FACTS
from workers.readers.problems import ReadError, refusal

_ALIKE = ("units", *FACTS)


def read(windows: Mapping[int, Sequence[Path]], told: Mapping[str, Any]) -> Measurement:
    """`workers.readers.read_windows`; `told` are the corrections. Raises ReadError."""
    parts = {number: _read_one(number, windows[number], told) for number in sorted(windows)}
    first = next(iter(parts.values()))
    for number, part in parts.items():
        _refuse_unlike(number, part, first)
    return replace(
        first,
        values=np.concatenate([_in_order(part, first.channels) for part in parts.values()], axis=1),
        mask=np.concatenate([part.mask for part in parts.values()], axis=0),
        guide=None,
        problems=_problems(parts),
        provenance={
            **first.provenance,
            "files": [
                {**row, "name": f"{number}/{row['name']}"}
                for number, part in parts.items()
                for row in part.provenance["files"]
            ],
            "windows": len(parts),
        },
    )


def _read_one(number: int, paths: Sequence[Path], told: Mapping[str, Any]) -> Measurement:
    try:
        return reading.read_part(paths, told)
    except ReadError as error:
        there = replace(error.problem, where=f"window {number}: {error.problem.where}")
        raise ReadError(there) from error


def _refuse_unlike(number: int, part: Measurement, first: Measurement) -> None:
    where = f"window {number}"
    if set(part.channels) != set(first.channels):
        other = ", ".join(sorted(set(part.channels) ^ set(first.channels)))
        raise refusal(
            where,
            f"It holds other elements than the first window: {other}.",
            "Export the same elements of every window.",
        )
    if part.mask.shape != first.mask.shape:
        (height, width), (rows, columns) = part.mask.shape, first.mask.shape
        raise refusal(
            where,
            f"It has {height} × {width} pixels, the first window {rows} × {columns}.",
            "Rescan every window with the size and step of the stage list.",
        )
    for fact in _ALIKE:
        if getattr(part, fact) != getattr(first, fact):
            raise refusal(
                where,
                f"It was measured otherwise than the first window ({fact.replace('_', ' ')}).",
                "Rescan every window with the same settings.",
            )


def _in_order(part: Measurement, channels: tuple[str, ...]) -> np.ndarray:
    return part.values[[part.channels.index(channel) for channel in channels]]


def _problems(parts: Mapping[int, Measurement]) -> tuple[Problem, ...]:
    """What was found, each thing once, with the windows it was found in."""
    found: dict[Problem, list[int]] = {}
    for number, part in parts.items():
        for problem in part.problems:
            # Facts that the files do not state were told of the map; names have to be asked for.
            if problem.severity != "question" or part.provenance["open"]:
                found.setdefault(replace(problem, where=""), []).append(number)
    return tuple(
        replace(problem, where=f"window {', '.join(map(str, numbers))}")
        for problem, numbers in found.items()
    )
