"""Our estimates of real X-ray maps beside their rivals: `python -m tests.benchmarks.xray`.

Prints a table and writes results/xray.json: flat dotted keys -> numbers, `commit`, `seeds`,
`device`, `seconds`, and `missing`: the keys whose data are not on this machine. With
`--rivals-only` it needs neither torch nor weights, prints the rivals and writes nothing.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter

import numpy as np

from tests.benchmarks import cpu, methods
from tests.benchmarks.methods import Method
from tests.benchmarks.protocol import (
    SEEDS,
    TASKS,
    Task,
    Trial,
    Values,
    confidence_95,
    psnr,
    split_trial,
    trial,
    unsampled,
)
from tests.benchmarks.specimens import Specimen, specimen

RESULTS = Path(__file__).parent / "results" / "xray.json"
SPLIT_SEEDS = SEEDS[:1]  # splits of half a million counts and more hardly differ
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


def score(task: Task, found: Specimen, method: Method) -> Figures:
    """All figures of a method on one task; the keys of a labelled estimate carry its label."""
    shape, figures = found.counts.shape[1:], {}
    views = {task.key: np.ones(shape, bool)}
    if task.sampling == "point":
        views[f"{task.key}.unsampled"] = unsampled(shape, task.factor)

    def decibels(make: Callable[..., Trial], seeds: tuple[int, ...]) -> dict[str, Values]:
        """Seeds x elements for every view of every estimate."""
        rows: dict[str, list[Values]] = {}
        for seed in seeds:
            made = make(task, found.counts, found.scored, seed)
            for label, estimate in method(made).items():
                for view, where in views.items():
                    stem = f"{view}.{label}" if label else view
                    rows.setdefault(stem, []).append(psnr(estimate, made, where))
        return {stem: np.stack(row) for stem, row in rows.items()}

    against_real = decibels(trial, SEEDS if task.drawn else SEEDS[:1])
    noise_free = decibels(split_trial, SPLIT_SEEDS)
    for stem, values in against_real.items():
        figures[f"{stem}.psnr_db"] = float(values.mean())
        figures[f"{stem}.psnr_noisefree_db"] = float(noise_free[stem].mean())
        if task.drawn:
            low, high = confidence_95(values.mean(1).tolist())
            figures |= {f"{stem}.psnr_db.ci95_low": low, f"{stem}.psnr_db.ci95_high": high}
        for element, value in zip(found.scored_channels, values.mean(0), strict=True):
            figures[f"{stem}.element.{element}.psnr_db"] = float(value)
    return figures


def score_ours(key: str) -> Figures:
    """All figures of the ensemble on one task; LookupError without its weights or the data."""
    task = TASKS[key]
    found = specimen(task.specimen)
    figures = score(task, found, methods.ensemble(task, found))
    if task.key == CHI2_TASK:
        made = trial(task, found.counts, found.scored, SEEDS[0])
        chi2 = methods.chi2_of_samples(task, found, made, SEEDS[0])
        figures[f"{task.key}.chi2_samples"] = float(chi2.mean())
        for element, value in zip(found.scored_channels, chi2, strict=True):
            figures[f"{task.key}.element.{element}.chi2_samples"] = float(value)
    return figures


def score_rivals(key: str) -> Figures:
    """All figures of the rivals on one task; LookupError without the data."""
    task = TASKS[key]
    found = specimen(task.specimen)
    return score(task, found, methods.rivals_of(task, found))


def benchmark(rivals_only: bool) -> tuple[Figures, list[str]]:
    """Every figure, and the keys for which data or weights are not on this machine.

    Tasks run side by side, one a core with one thread: faster than one after the other on all.
    """
    figures: Figures = {}
    missing: set[str] = set()
    began = perf_counter()
    scorers = (score_rivals,) if rivals_only else (score_ours, score_rivals)
    with ProcessPoolExecutor(
        cpu.THREADS, mp_context=get_context("spawn"), initializer=_one_thread
    ) as pool:
        # Ours first: they take longest, and no core should be left alone with one at the end.
        jobs = {pool.submit(scorer, key): key for scorer in scorers for key in TASKS}
        for job in as_completed(jobs):
            key = jobs[job]
            try:
                figures |= job.result()
            except LookupError as reason:
                missing |= {bar for bar in BARS if bar.startswith(key)}
                say(f"{key} is missing: {reason.args[0]}")
            else:
                say(f"{key}: done after {perf_counter() - began:.0f} s")
    return figures | ({} if rivals_only else cpu.measure_apart()), sorted(missing)


def _one_thread() -> None:
    os.environ["OMP_NUM_THREADS"] = "1"  # read when a scorer imports torch


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
    began, measured = perf_counter(), commit()
    figures, missing = benchmark(rivals_only)
    say(table(figures, missing))
    if not rivals_only:
        facts = {"commit": measured, "seeds": list(SEEDS), "device": device(), "missing": missing}
        write(RESULTS, figures, {**facts, "seconds": round(perf_counter() - began, 1)})
        say(f"Written to {RESULTS}")
    return 1 if missing and os.environ.get("CI") == "true" else 0


if __name__ == "__main__":
    sys.exit(main())
