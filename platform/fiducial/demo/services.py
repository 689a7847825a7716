"""Reveal: keep what a visitor believed, then let the slow scan judge everybody."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from django.conf import settings
from django.db import transaction

from fiducial.accounts.models import User
from fiducial.errors import Refused
from fiducial.runs.models import Run
from fiducial.viewer import stores
from workers.store import MeasurementStore, RunStore

from .judge import Judge
from .models import Reveal, SlowScan

FIVE = 5
SNAP = 1.5  # pixels between a mark and the feature it means

Mark = tuple[int, float, float]  # channel, y, x
Table = dict[str, np.ndarray]


def slow_scan(run: Run) -> SlowScan | None:
    """The sealed scan of the run's measurement, if this is a demo run."""
    return SlowScan.objects.filter(measurement=run.measurement_id).first()


def slow_store(sealed: SlowScan) -> MeasurementStore:
    """The store of a sealed scan, in the units of its run."""
    return MeasurementStore(settings.STORE / sealed.store_path)


def decibels(run: Run, user: User) -> float | None:
    """PSNR of the run's estimate against the slow scan, dB, mean over elements.

    The range of an element is the slow scan's 99.9th percentile. None where nothing is sealed,
    while it is still sealed for `user`, and where the grids differ.
    """
    sealed = slow_scan(run)
    opened = Reveal.objects.filter(user=user, run__measurement=run.measurement_id)
    if sealed is None or not opened.exists():
        return None
    store, slow = stores.of_run(run), slow_store(sealed)
    truth = np.asarray(slow.image("measured")[:], float)
    truth = truth[[slow.channels.index(element) for element in store.channels]]
    if truth.shape[1:] != store.shape:
        return None
    factor = store.shape[0] // store.measured_shape[0]
    mask = np.asarray(store.image("mask")[:], bool).repeat(factor, 0).repeat(factor, 1)
    error = np.asarray(store.image("estimate")[:], float)[:, mask] - truth[:, mask]
    spread = np.maximum(np.quantile(truth[:, mask], 0.999, axis=1), 1e-6)
    return float(np.mean(-10 * np.log10((error**2).mean(1) / spread**2)))


def reveal(*, run: Run, user: User, marks: Sequence[Mark]) -> Reveal:
    """Score five marked features against the slow scan; asked twice, the first answer stands."""
    if existing := run.reveals.filter(user=user).first():
        return existing
    sealed = slow_scan(run)
    if sealed is None:
        raise Refused("Nothing is sealed for this run; only the runs of the demo have a slow scan.")
    store = stores.of_run(run)
    table = store.table("features")
    believed = _rows_of(table, marks)
    score = _score(store, slow_store(sealed), table, believed, sealed.counts_per_unit)
    with transaction.atomic():
        kept, _ = Reveal.objects.get_or_create(
            run=run,
            user=user,
            defaults={"believed": [_place(table, row) for row in believed], "score": score},
        )
    return kept


def _rows_of(table: Table, marks: Sequence[Mark]) -> list[int]:
    """The rows of the features that were marked; Refused unless they are five different ones."""
    rows: list[int] = []
    for channel, y, x in marks:
        far = np.hypot(table["y"] - y, table["x"] - x)
        far = np.where(table["channel"] == channel, far, np.inf)
        if not far.size or far.min() > SNAP:
            raise Refused(
                f"There is no feature at row {y:g}, column {x:g}; choose one that is listed."
            )
        rows.append(int(far.argmin()))
    if len(set(rows)) != FIVE:
        raise Refused(
            f"Mark {FIVE} different features first: {len(set(rows))} of them are marked now."
        )
    return rows


def _score(
    store: RunStore,
    slow: MeasurementStore,
    table: Table,
    believed: Sequence[int],
    counts_per_unit: float,
) -> dict[str, Any]:
    factor = store.shape[0] // store.measured_shape[0]
    mask = np.asarray(store.image("mask")[:], bool).repeat(factor, 0).repeat(factor, 1)
    judges = [
        Judge(
            np.asarray(store.image("estimate")[channel], float),
            np.asarray(slow.image("measured")[slow.channels.index(element)], float),
            mask,
            counts_per_unit,
        )
        for channel, element in enumerate(store.channels)
    ]
    trusted = np.lexsort((-np.abs(table["amplitude"]), table["risk"]))
    groups = {
        "yours": believed,
        "most trusted": trusted[:FIVE],
        "least trusted": np.lexsort((-np.abs(table["amplitude"]), -table["risk"]))[:FIVE],
    }
    return {
        "groups": [
            _group(name, [_judged(table, int(row), judges, store.channels) for row in rows])
            for name, rows in groups.items()
        ],
        "misses": _misses(judges, store.channels, float(np.median(table["scale"]))),
    }


def _group(name: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "name": name,
        "rows": rows,
        "present": sum(row["present"] is True for row in rows),
        "told": sum(row["present"] is not None for row in rows),
        "untold": sum(row["present"] is None for row in rows),
    }


def _judged(
    table: Table, row: int, judges: Sequence[Judge], channels: Sequence[str]
) -> dict[str, Any]:
    place = _place(table, row)
    return place | {
        "element": channels[place["channel"]],
        "amplitude": float(table["amplitude"][row]),
        "risk": float(table["risk"][row]),
        "present": judges[place["channel"]].present(
            place["y"], place["x"], float(table["scale"][row])
        ),
    }


def _misses(judges: Sequence[Judge], channels: Sequence[str], scale: float) -> dict[str, Any]:
    found, strong = [], 0
    for channel, judge in enumerate(judges):
        missed, peaks = judge.misses(scale)
        strong += peaks
        found += [(*each, channel) for each in missed]
    found.sort(reverse=True)
    rows = [
        {"element": channels[channel], "channel": channel, "y": y, "x": x, "amplitude": height}
        for _, y, x, height, channel in found[:FIVE]
    ]
    return {"rows": rows, "count": len(found), "strong": strong}


def _place(table: Table, row: int) -> dict[str, Any]:
    return {
        "channel": int(table["channel"][row]),
        "y": float(table["y"][row]),
        "x": float(table["x"][row]),
    }
