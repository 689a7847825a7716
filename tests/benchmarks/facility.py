"""`make benchmark-facility`: is the queue fair, and does it stay quick when it is long?

The week is simulated on the real rule of turns. The queue is timed on the database that
FIDUCIAL_DATABASE_URL names (SQLite by default), in a database of its own that goes again.
"""

import json
import os
import sys
from pathlib import Path

import django
from django.test.runner import DiscoverRunner
from django.test.utils import setup_test_environment

RESULTS = Path(__file__).parent / "results" / "facility.json"
BARS = {"fairness.min_share_ratio": 0.9, "queue.claim_p95_ms": 20.0, "queue.page_ms": 300.0}


def main() -> int:
    """Measure, write the figures, print each beside its bar; 1 when one misses it."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fiducial.settings.test")
    django.setup()
    from tests.benchmarks import sharing  # its models need what was set up

    setup_test_environment()
    runner = DiscoverRunner(verbosity=0, interactive=False)
    made = runner.setup_databases()
    try:
        found = {"fairness": sharing.fairness(), "queue": sharing.queue()}
    finally:
        runner.teardown_databases(made)
    RESULTS.write_text(json.dumps(found, indent=2) + "\n")
    missed = 0
    for name, bar in BARS.items():
        part, _, key = name.partition(".")
        value = found[part][key]
        holds = value >= bar if name.startswith("fairness") else value <= bar
        missed += not holds
        sys.stdout.write(f"{name:26} {value:8.3f}  bar {bar:6.1f}  {'ok' if holds else 'MISSED'}\n")
    few, many = found["queue"]["page_queries"].values()
    sys.stdout.write(f"queries of the queue page: {few}, then {many} with ten times the runs\n")
    return 1 if missed or few != many else 0


if __name__ == "__main__":
    sys.exit(main())
