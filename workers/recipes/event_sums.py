"""What a run on calorimeter events comes to: its tables joined, and the figures of its summary."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from workers.assessment.calorimeter.imagined import BRIGHT_MEV
from workers.assessment.calorimeter.masses import pair_masses, peak
from workers.events import Events
from workers.recipes.event_rows import Columns
from workers.recipes.event_words import DOUBTED, SURE

MOST = 5  # particles the networks count


def joined(rows: Sequence[Mapping[str, Columns]]) -> dict[str, Columns]:
    """The tables of all batches, one after the other; of `events` also where its cells begin."""
    found = {
        name: {
            column: np.concatenate([each[name][column] for each in rows if column in each[name]])
            for column in columns
        }
        for name, columns in rows[0].items()
        if columns
    }
    count = len(found["events"]["event"])
    of_event = {
        name: np.bincount(found[name]["event"], minlength=count)
        for name in ("cells", "coarse", "particles")
    }
    risk = np.zeros(count)
    np.maximum.at(risk, found["particles"]["event"], found["particles"]["risk"])
    chances = np.stack([found["events"][f"p{n + 1}"] for n in range(MOST)])
    found["events"] |= {
        "first": np.concatenate([[0], np.cumsum(of_event["cells"])[:-1]]),
        "cells": of_event["cells"],
        "kept": of_event["coarse"],
        "particles": of_event["particles"],
        "likely": chances.argmax(axis=0) + 1,
        "chance": chances.max(axis=0),
        "risk": risk,
        "residual": _rms(found["coarse"], count),
    }
    return found


def _rms(coarse: Columns, count: int) -> Any:
    """Of each event, how far sums of samples are from what was measured, σ."""
    squared = np.bincount(coarse["event"], coarse["rms"].astype(np.float64) ** 2, count)
    return np.sqrt(squared / np.maximum(np.bincount(coarse["event"], minlength=count), 1))


def summed_up(events: Events, found: Mapping[str, Columns], foreign: list[str]) -> dict[str, Any]:
    """Everything the summary says of the events; `foreign` as `event_words.foreign`."""
    each, particles, coarse = found["events"], found["particles"], found["coarse"]
    return {
        "events": len(events),
        "foreign": foreign,
        "abstained": len(events) if foreign else int(each["abstained"].sum()),
        "particles": {
            "count": len(particles["risk"]),
            "doubted": int((particles["risk"] > DOUBTED).sum()),
            "expected_absent": float(particles["risk"].sum()),
        },
        "number": {
            "sure": int((each["chance"] >= SURE).sum()),
            "open": int((each["chance"] < DOUBTED).sum()),
            "most_likely": np.bincount(each["likely"], minlength=MOST + 1)[1:].tolist(),
        },
        "consistency": {
            "rms_sigma": float(np.sqrt((coarse["rms"].astype(np.float64) ** 2).mean())),
            "worst_sigma": float(coarse["worst"].max()),
        },
        "judged": _judged(events, found["cells"]),
    }


def masses(particles: Columns, distance_mm: float) -> dict[str, float] | None:
    """Where masses of pairs crowd that came from `distance_mm` before the cells, of particles that
    are more likely there than not; None where the distance is not known (0) or pairs are few.
    """
    if not distance_mm:
        return None
    seen = particles["risk"] <= DOUBTED
    event, x, y, energy = (particles[name][seen] for name in ("event", "x", "y", "energy"))
    found = peak(pair_masses(event, x, y, energy, distance_mm), np.random.default_rng(0))
    return None if found is None else asdict(found)


def _judged(events: Events, cells: Columns) -> dict[str, float] | None:
    """How far the estimate is from a truth that the files hold; None where they hold none."""
    if events.truth is None:
        return None
    geometry = events.geometry
    truth = events.truth[cells["event"], cells["cell"]].astype(np.float64)
    energies, _ = events.dense()
    parent = geometry.parent[cells["cell"]]
    even = np.maximum(energies[cells["event"], parent], 0) / geometry.children()[parent]
    power = max(float((truth**2).sum()), 1.0)
    bright = cells["mean"] >= BRIGHT_MEV[0]
    inside = (truth >= cells["lower"]) & (truth <= cells["upper"])
    return {
        "rel_rmse": float(np.sqrt(((cells["mean"] - truth) ** 2).sum() / power)),
        "even_rel_rmse": float(np.sqrt(((even - truth) ** 2).sum() / power)),
        "coverage90": float(inside[bright].mean()) if bright.any() else 1.0,
        "from_mev": BRIGHT_MEV[0],
    }
