"""`manage.py worker`: the one way to start a worker."""

import os
import socket
from collections.abc import Sequence
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from fiducial.celery import COMPUTE, INGEST, LANES, app


class Command(BaseCommand):
    help = (
        "Start a worker: one run (or one upload to read) at a time. SIGTERM or Ctrl-C hands a "
        "run in progress back to the queue and ends within seconds."
    )
    requires_system_checks = ()  # as in `handle`

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--queues",
            default="compute",
            help="what it takes: compute or ingest, or both with a comma",
        )
        parser.add_argument(
            "--lanes",
            default=",".join(LANES),
            help=f"whose runs a compute worker takes: {', '.join(LANES)}; several with commas "
            "(default: all)",
        )
        parser.add_argument(
            "--name",
            help="what the queue page calls it, unique in the facility (default: its queues); "
            "give one to each worker of a machine that has several, such as gpu0 and gpu1",
        )

    def handle(self, *, queues: str, lanes: str, name: str | None, **options: Any) -> None:
        taken = _known("queue", queues, (COMPUTE, INGEST))
        served = _known("lane", lanes, LANES)
        tickets = [*taken, *(served if COMPUTE in taken else [])]
        # They load every page: a second and 40 MB of every worker. Celery would run them, too.
        os.environ["CELERY_SKIP_CHECKS"] = "1"
        hostname = f"{name or queues.replace(',', '-')}@{socket.gethostname()}"
        # Quiet: without the banner, so that every line is one of the log.
        app.worker_main(
            ["--quiet", "worker", f"--queues={','.join(tickets)}", f"--hostname={hostname}"]
        )


def _known(what: str, given: str, known: Sequence[str]) -> list[str]:
    """The names in `given`; CommandError for one that is not `known`."""
    names = given.split(",")
    if unknown := sorted(set(names) - set(known)):
        raise CommandError(f"There is no {what} {', '.join(unknown)}; choose {' or '.join(known)}.")
    return names
