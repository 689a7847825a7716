"""`make demo-check`: the demo unattended, its result pages read through the one-time link."""

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from fiducial.demo import check, scans
from fiducial.demo.supervisor import Stage, Stopped
from fiducial.demo.terminal import Board
from fiducial.errors import Refused

PATIENCE_SECONDS = 600


class Command(BaseCommand):
    help = "Run the demo to its end, check what its pages contain, and stop every process."

    def handle(self, **options: Any) -> None:
        began = time.monotonic()
        try:
            with Stage(self.stdout.write) as stage:
                self._check(stage, self._await_runs(stage, began + PATIENCE_SECONDS))
        except Refused as refusal:
            raise CommandError(f"The demo does not hold: {refusal}") from refusal
        except Stopped as stopped:
            raise CommandError("The check was stopped before its end.") from stopped
        self.stdout.write(f"The demo holds ({time.monotonic() - began:.0f} s).")

    def _await_runs(self, stage: Stage, deadline: float) -> list[scans.Progress]:
        board = Board(self.stdout)
        while True:
            progress = stage.advance()
            board.show(progress)
            for each in progress:
                if each.failure:
                    raise Refused(each.failure)
            if all(each.done for each in progress):
                return progress
            if time.monotonic() > deadline:
                raise Refused(f"The runs did not finish within {PATIENCE_SECONDS} s.")
            time.sleep(1)

    def _check(self, stage: Stage, progress: list[scans.Progress]) -> None:
        for scan, each in zip(scans.SCANS, progress, strict=True):
            link = stage.link(each.run)
            for seen in check.check_run(stage.address, link, each.run):
                self.stdout.write(f"  {scan.name}: {seen}")
            check.check_link_is_spent(stage.address, link)
