"""`make benchmark-facility`: measure, write the figures, print each beside its bar.

`--only PART …` measures some parts and keeps what the file holds of the others.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from . import faults, load, machines, upload

RESULTS = Path(__file__).parents[1] / "results" / "facility.json"
CORES = 2
AT_LEAST = {"fairness.min_share_ratio": 0.9, "upload.resumed_ok": 1}
AT_MOST = {
    "queue.claim_p95_ms": 20,
    "queue.page_ms": 300,
    "queue.more_queries": 0,  # with ten times the runs
    "load.page_p95_ms": 300,
    "load.tile_p95_ms": 150,
    "load.errors_5xx": 0,
    "faults.lost": 0,
    "faults.double_finished": 0,
    "upload.web_rss_growth_mb": 50,
}
PARTS: dict[str, Callable[[], dict[str, Any]]] = {
    "fairness": partial(machines.inside, "sharing.fairness"),
    "queue": partial(machines.inside, "sharing.queue"),
    "load": load.load,
    "faults": faults.faults,
    "upload": upload.upload,
}


def main() -> int:
    """Measure what was asked for; 1 when a figure misses its bar or is not there."""
    asked = argparse.ArgumentParser(prog="make benchmark-facility", description=__doc__)
    asked.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS), metavar="PART")
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])  # and all that starts here
    found = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    for part in asked.parse_args().only:
        sys.stdout.write(f"{part} …\n")
        sys.stdout.flush()
        found[part] = _measured(PARTS[part])
        RESULTS.write_text(json.dumps(found, indent=2) + "\n")
    return _told(found)


def _measured(part: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    began, before = time.monotonic(), os.getloadavg()[0]
    figures = part()
    return figures | {
        "seconds": round(time.monotonic() - began, 1),
        "load_before": before,  # of the machine: whoever else was at work spoils the times
        "cores": len(os.sched_getaffinity(0)),
        "commit": _commit(),
    }


def _told(found: dict[str, Any]) -> int:
    missed = 0
    for name, bar in (AT_LEAST | AT_MOST).items():
        part, _, key = name.partition(".")
        value = found.get(part, {}).get(key)
        holds = value is not None and (value >= bar if name in AT_LEAST else value <= bar)
        missed += not holds
        sign, said = "≥" if name in AT_LEAST else "≤", "–" if value is None else f"{value:.3f}"
        sys.stdout.write(
            f"{name:26} {said:>9}  bar {sign} {bar:<5} {'ok' if holds else 'MISSED'}\n"
        )
    return 1 if missed else 0


def _commit() -> str:
    asked = ["git", "-C", str(machines.ROOT), "rev-parse", "--short", "HEAD"]
    return subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
