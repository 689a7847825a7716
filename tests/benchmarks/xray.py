"""Our estimates of real X-ray maps beside their rivals: `python -m tests.benchmarks.xray`.

Prints a table and writes results/xray.json: flat dotted keys -> numbers, `commit`, `seeds`,
`device`, `seconds`, and `missing`: the keys that were not measured, for want of data or because
the run was stopped. With `--rivals-only` it needs neither torch nor weights, prints the rivals and
writes nothing.
"""

import argparse
import json
import os
import platform
import signal
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import Future, ProcessPoolExecutor, wait
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter
from typing import TypeVar

import numpy as np

from tests.benchmarks import cpu, methods
from tests.benchmarks.protocol import (
    SEEDS,
    TASKS,
    Task,
    Values,
    confidence_95,
    psnr,
    split_trial,
    trial,
    unsampled,
)
from tests.benchmarks.specimens import specimen

RESULTS = Path(__file__).parent / "results" / "xray.json"
SPLITS = 1  # splits of half a million counts and more hardly differ
CHI2_TASK = "obj1.time4.coarse"
# What we promise: at least this, or for the last three between or at most these.
BARS = {
    "obj1.time4.fine.psnr_db": (29.5, np.inf),
    "obj1.time16.fine.psnr_db": (26.8, np.inf),
    "obj1.time4.coarse.psnr_db": (28.6, np.inf),
    "obj1.time16.coarse.psnr_db": (25.0, np.inf),
    "obj1.binned.x2.psnr_db": (30.7, np.inf),
    "obj1.binned.x4.psnr_db": (26.8, np.inf),
    "obj1.binned.x8.psnr_db": (22.6, np.inf),
    "obj1.point.x2.psnr_db": (28.8, np.inf),
    "obj1.point.x2.unsampled.psnr_db": (27.6, np.inf),
    "khufai_b3.binned.x4.psnr_db": (23.4, np.inf),
    "sk401.binned.x4.psnr_db": (22.7, np.inf),
    "obj1.time4.coarse.chi2_samples": (0.9, 1.1),
    "cpu.seconds_512x512x10_x4_5members": (0.0, 30.0),
    "cpu.peak_rss_gb": (0.0, 2.0),
}
Figures = dict[str, float]


T = TypeVar("T")
Rows = dict[str, Values]  # decibels of the scored elements, by the stem of their keys


def decibels(key: str, side: str, against: str, seed: int) -> Rows:
    """One trial of one task, scored: `side` "ours" or "rivals", `against` "real" or "split".

    LookupError where its data or weights are not on this machine.
    """
    task = TASKS[key]
    found = specimen(task.specimen)
    shape = found.counts.shape[1:]
    views = {key: np.ones(shape, bool)}
    if task.sampling == "point":
        views[f"{key}.unsampled"] = unsampled(shape, task.factor)
    make = {"real": trial, "split": split_trial}[against]
    made = make(task, found.counts, found.scored, seed)
    return {
        f"{view}.{label}" if label else view: psnr(estimate, made, where)
        for label, estimate in _method(key, side)(made).items()
        for view, where in views.items()
    }


@cache
def _method(key: str, side: str) -> methods.Method:
    """Kept for a process, so that a filter looks for its best strength once and not every trial."""
    task = TASKS[key]
    made = {"ours": methods.ensemble, "rivals": methods.rivals_of}[side]
    return made(task, specimen(task.specimen))


def chi2_of_samples(key: str) -> Figures:
    """Whether posterior samples agree with the counts within their noise."""
    task = TASKS[key]
    found = specimen(task.specimen)
    made = trial(task, found.counts, found.scored, SEEDS[0])
    chi2 = methods.chi2_of_samples(task, found, made, SEEDS[0])
    each = zip(found.scored_channels, chi2, strict=True)
    figures = {f"{key}.element.{element}.chi2_samples": float(value) for element, value in each}
    return {**figures, f"{key}.chi2_samples": float(chi2.mean())}


def figures_of(task: Task, real: list[Rows], split: list[Rows]) -> Figures:
    """The means of a task's trials, with an interval over seeds where counts were drawn."""
    figures: Figures = {}
    channels = specimen(task.specimen).scored_channels
    for stem in real[0] if real else ():
        values = np.stack([rows[stem] for rows in real])
        figures[f"{stem}.psnr_db"] = float(values.mean())
        if split:
            noise_free = np.stack([rows[stem] for rows in split])
            figures[f"{stem}.psnr_noisefree_db"] = float(noise_free.mean())
        figures[f"{stem}.seeds"] = len(real)
        if len(real) > 1:
            low, high = confidence_95(values.mean(1).tolist())
            figures |= {f"{stem}.psnr_db.ci95_low": low, f"{stem}.psnr_db.ci95_high": high}
        for element, value in zip(channels, values.mean(0), strict=True):
            figures[f"{stem}.element.{element}.psnr_db"] = float(value)
    return figures


def benchmark(sides: tuple[str, ...]) -> Figures:
    """Every figure that this machine has data and weights for.

    Trials run side by side, one a core with one thread: faster than one after the other on all.
    Stopped with Ctrl-C it returns what is done; `seeds` of a key tells how many draws that were.
    """
    began = perf_counter()
    pool = ProcessPoolExecutor(
        cpu.THREADS, mp_context=get_context("spawn"), initializer=_one_thread
    )
    chi2 = [pool.submit(chi2_of_samples, CHI2_TASK)] if "ours" in sides else []
    wanted = [(task, side, *t) for side in sides for task in TASKS.values() for t in _trials(task)]
    # By rounds: stopped early, every task has had as many draws as the others.
    wanted.sort(key=lambda trial: (trial[-1], trial[-2] == "split"))
    jobs = [
        (task, side, against, pool.submit(decibels, task.key, side, against, SEEDS[n]))
        for task, side, against, n in wanted
    ]
    try:
        for task, side, against, job in jobs:
            wait([job])
            say(f"{task.key}, {side} against {against}: {perf_counter() - began:.0f} s")
        wait(chi2)
    except KeyboardInterrupt:
        say("Stopped: trials that have not begun are left out.")
    pool.shutdown(cancel_futures=True)
    figures: Figures = {}
    for task in TASKS.values():
        for side in sides:
            real, split = (
                [job for t, s, a, job in jobs if (t, s, a) == (task, side, against)]
                for against in ("real", "split")
            )
            try:
                figures |= figures_of(task, _finished(real), _finished(split))
            except LookupError as reason:
                say(f"{task.key} is missing: {reason.args[0]}")
    for agreement in _finished(chi2):
        figures |= agreement
    return figures


def _trials(task: Task) -> list[tuple[str, int]]:
    """What a task is scored against, and with which of the seeds."""
    draws = len(SEEDS) if task.drawn else 1
    return [("real", n) for n in range(draws)] + [("split", n) for n in range(SPLITS)]


def _finished(jobs: list[Future[T]]) -> list[T]:
    return [job.result() for job in jobs if job.done() and not job.cancelled()]


def _one_thread() -> None:
    os.environ["OMP_NUM_THREADS"] = "1"  # read when a scorer imports torch
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which lets trials end


def table(figures: Mapping[str, float], missing: list[str]) -> str:
    """Ours, the bar and every rival, one line for each key that has a bar."""
    lines = [f"{'key':38}{'ours':>8}  {'bar':12}{'':8}rivals"]
    for key, (low, high) in BARS.items():
        ours = figures.get(key)
        bar = (
            f">= {low:g}" if high == np.inf else f"<= {high:g}" if low == 0 else f"{low:g}-{high:g}"
        )
        shown = "missing" if key in missing else "-" if ours is None else f"{ours:.2f}"
        verdict = "" if ours is None else "holds" if low <= ours <= high else "missed"
        stem, _, figure = key.rpartition(".")
        rivals = [
            f"{k.split('.')[-2]} {value:.2f}"
            for k, value in figures.items()
            if k.startswith(f"{stem}.rival.") and k.endswith(f".{figure}") and ".element." not in k
        ]
        lines.append(f"{key:38}{shown:>8}  {bar:12}{verdict:8}{', '.join(rivals)}")
    return "\n".join(lines)


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def commit() -> str:
    """The commit that was measured, `-dirty` where files differ from it."""
    command = ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    found = subprocess.run(
        command, cwd=RESULTS.parents[3], check=False, capture_output=True, text=True
    )
    return found.stdout.strip() or "unknown"


def device() -> str:
    """The processor and the threads that the estimates were given."""
    names = {
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    }
    return f"{', '.join(sorted(names)) or platform.processor()}, {cpu.THREADS} threads"


def write(path: Path, figures: Mapping[str, float], facts: Mapping[str, object]) -> None:
    """Keep the figures, to four decimals, beside the facts of the run that made them."""
    rounded = {key: round(value, 4) for key, value in sorted(figures.items())}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({**facts, **rounded}, indent=1) + "\n")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rivals-only", action="store_true", help="print rivals; write nothing")
    rivals_only = parser.parse_args().rivals_only
    # A shell's background jobs ignore Ctrl-C unless told otherwise; `kill` stops like it.
    for stop in (signal.SIGINT, signal.SIGTERM):
        signal.signal(stop, signal.default_int_handler)
    began, measured = perf_counter(), commit()
    figures = benchmark(("rivals",) if rivals_only else ("rivals", "ours"))
    if not rivals_only:  # last and alone: its seconds are a figure
        figures |= cpu.measure_apart()
    missing = [key for key in BARS if key not in figures]
    say(table(figures, missing))
    if not rivals_only:
        facts = {"commit": measured, "seeds": list(SEEDS), "device": device(), "missing": missing}
        write(RESULTS, figures, {**facts, "seconds": round(perf_counter() - began, 1)})
        say(f"Written to {RESULTS}")
    return 1 if missing and os.environ.get("CI") == "true" else 0


if __name__ == "__main__":
    sys.exit(main())
