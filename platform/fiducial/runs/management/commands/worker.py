"""`manage.py worker`: the one way to start a worker."""

import socket
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from fiducial.celery import QUEUES, app


class Command(BaseCommand):
    help = (
        "Start a worker: one run (or one upload to read) at a time. SIGTERM or Ctrl-C hands a "
        "run in progress back to the queue and ends within seconds."
    )
    requires_system_checks = ()  # they load every page; a worker's parent stays small

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--queues",
            default="compute",
            help=f"what it takes: {' or '.join(QUEUES)}, or both with a comma",
        )
        parser.add_argument(
            "--name",
            help="what the queue page calls it, unique in the facility (default: its queues); "
            "give one to each worker of a machine that has several, such as gpu0 and gpu1",
        )

    def handle(self, *, queues: str, name: str | None, **options: Any) -> None:
        unknown = set(queues.split(",")) - set(QUEUES)
        if unknown:
            raise CommandError(
                f"There is no queue {', '.join(sorted(unknown))}; choose {' or '.join(QUEUES)}."
            )
        hostname = f"{name or queues.replace(',', '-')}@{socket.gethostname()}"
        # Quiet: without the banner, so that every line is one of the log.
        app.worker_main(["--quiet", "worker", f"--queues={queues}", f"--hostname={hostname}"])
