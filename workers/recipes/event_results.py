"""The store of a run on calorimeter events."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from workers import store
from workers.assessment.calorimeter.closure import Closure
from workers.events import Events
from workers.recipes import event_counts, event_words, events_file
from workers.recipes.event_planes import Plane
from workers.recipes.event_rows import Columns
from workers.recipes.event_sums import joined, masses, summed_up

CHUNK = 2**14  # rows of a table that are read together


def written(
    output: Path,
    events: Events,
    plane: Plane,
    rows: Sequence[Mapping[str, Columns]],
    *,
    provenance: Mapping[str, Any],
    foreign: list[str],
    closed: Closure | None,
    counts: Columns | None,
    began: float,
) -> dict[str, Any]:
    """Write tables, file and summary of what was found in batches of events; returns the summary.

    `foreign` as `event_words.foreign`; `closed` and `counts` (`event_counts.counted`) None where
    they were not tried; `began` by `time.monotonic`.
    """
    found = joined(rows)
    if counts is not None:
        found["counts"] = counts
    found["events"] |= {"event": events.event}
    with store.RunWriter(
        output,
        channels=("energy",),
        measured_shape=(plane.rows, plane.rows),
        shape=(plane.rows * plane.factor,) * 2,
        samples=0,
        provenance=provenance,
    ) as writer:
        for name, columns in found.items():
            writer.table(name, columns, chunk=CHUNK)
        for name, content in events_file.of(events, found):
            writer.file(name, content)
        summary = {
            "recipe": "calorimeter",
            "factor": plane.factor,
            "samples": len(found["samples"]),
            "steps": provenance["parameters"]["steps"],
            **summed_up(events, found, foreign),
            "closure": None if closed is None else asdict(closed),
            "counts": None if counts is None else event_counts.summed_up(counts, plane.factor),
            "masses": masses(found["particles"], provenance["parameters"]["distance_mm"]),
            "seconds": time.monotonic() - began,
        }
        summary["verdict"] = event_words.verdict(summary)
        writer.close(summary)
    return summary
