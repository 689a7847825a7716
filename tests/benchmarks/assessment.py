"""The proof that the assessment can fail: `python -m tests.benchmarks.assessment`, `make validate`.

Prints every figure beside its bar, writes results/assessment.json (flat dotted keys -> numbers,
`.ci95_low` and `.ci95_high` beside them, `commit`, `seeds` of every part, `device`, `seconds`,
`missing`) and puts the figures into docs/assessment.md. `--only PART ...` runs some parts, prints
and writes nothing.
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter
from typing import Any

import torch

from tests.benchmarks import cpu
from tests.benchmarks.validate import golden
from tests.benchmarks.validate.part import Bar, Figures, Part
from tests.benchmarks.validate.parts import PARTS
from tests.benchmarks.validate.show import DOCS, page_table, table, with_figures
from tests.benchmarks.xray import commit, device, say, write

RESULTS = Path(__file__).parent / "results" / "assessment.json"
Parts = Sequence[Part[Any, Any]]


def validate(parts: Parts) -> Figures:
    """Every figure of `parts` that this machine has data for."""
    began = perf_counter()
    figures: Figures = {}
    with _pool(cpu.THREADS, threads=1) as pool:
        jobs = [(part, _submit(pool, part)) for part in parts if not part.alone]
        for part, works in jobs:
            figures |= _finish(part, works)
            say(f"{part.name}: {perf_counter() - began:.0f} s")
    for part in parts:
        if part.alone:
            with _pool(1, threads=cpu.THREADS) as apart:
                figures |= _finish(part, _submit(apart, part))
            say(f"{part.name}: {perf_counter() - began:.0f} s")
    return figures


def _pool(processes: int, threads: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(
        processes,
        mp_context=get_context("spawn"),
        initializer=torch.set_num_threads,
        initargs=(threads,),
    )


def _submit(pool: ProcessPoolExecutor, part: Part[Any, Any]) -> list[Future[Any]]:
    try:
        return [pool.submit(part.work, unit) for unit in part.units()]
    except LookupError as reason:
        say(f"{part.name} is missing: {reason.args[0]}")
        return []


def _finish(part: Part[Any, Any], works: list[Future[Any]]) -> Figures:
    try:
        return part.figures([work.result() for work in works]) if works else {}
    except LookupError as reason:
        say(f"{part.name} is missing: {reason.args[0]}")
        return {}


def bars_of(parts: Parts) -> dict[str, Bar]:
    return {key: bar for part in parts for key, bar in part.bars.items()}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    names = [part.name for part in PARTS]
    parser.add_argument("--only", nargs="+", choices=names, help="these parts; write nothing")
    only = parser.parse_args().only
    parts = [part for part in PARTS if only is None or part.name in only]
    began, measured = perf_counter(), commit()
    figures, bars = validate(parts), bars_of(parts)
    missing = [key for key in bars if key not in figures]
    say(table(bars, figures))
    if only is None:
        facts = {
            "commit": measured,
            "seeds": {part.name: list(part.seeds) for part in parts},
            "device": device(),
            "missing": missing,
            "seconds": round(perf_counter() - began, 1),
        }
        write(RESULTS, figures, facts)
        kept = json.loads(RESULTS.read_text())
        shown = f"{page_table(bars, kept)}\n\n{golden.page_table(kept)}"
        DOCS.write_text(with_figures(DOCS.read_text(), shown))
        say(f"Written to {RESULTS} and {DOCS}")
    return 1 if missing and os.environ.get("CI") == "true" else 0


if __name__ == "__main__":
    sys.exit(main())
