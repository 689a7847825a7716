"""`manage.py follow_run`: a run's progress in the terminal."""

import time
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from fiducial.runs import queries
from fiducial.runs.models import Run

POLL_SECONDS = 1.0


class Command(BaseCommand):
    help = "Print how far a run is, one line whenever that changes, until it is over."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("run", type=UUID, help="the run's id, as in its page's address")

    def handle(self, *, run: UUID, **options: Any) -> None:
        said = ""
        while True:
            found = Run.objects.select_related("measurement").filter(pk=run).first()
            if found is None:
                raise CommandError(f"There is no run {run}.")
            if (words := self._words(found)) != said:
                self.stdout.write(words)
                self.stdout.flush()
                said = words
            if found.state == Run.State.FAILED:
                raise CommandError("The run failed.")
            if found.is_final:
                return
            time.sleep(POLL_SECONDS)

    def _words(self, run: Run) -> str:
        line = queries.line(run, queries.read_queue())
        percent = f"{run.percent:3d} %  " if run.state == Run.State.RUNNING else ""
        return f"{percent}{line.words}: {line.detail}".removesuffix(": ")
