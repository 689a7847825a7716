"""`make demo`: a real map at 1/16 of its beam time, twice, from upload to an answer."""

import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from fiducial.demo import cast, scans
from fiducial.demo.supervisor import Stage, Stopped
from fiducial.demo.terminal import Board
from fiducial.errors import Refused


class Command(BaseCommand):
    help = "Run the demo: portal and workers on this machine until Ctrl-C."

    def handle(self, **options: Any) -> None:
        try:
            with Stage(self.stdout.write) as stage:
                self.stdout.write(f"The portal is open at {stage.address}")
                self._play(stage)
        except Refused as refusal:
            raise CommandError(str(refusal)) from refusal
        except Stopped:
            self.stdout.write(f"\nEnded. Everything is kept in {settings.HOME}; make demo goes on.")

    def _play(self, stage: Stage) -> None:
        board, told = Board(self.stdout), set()
        while True:
            progress = stage.advance()
            if not all(each.done for each in progress):
                board.show(progress)
            failures = {each.failure for each in progress if each.failure}
            for failure in failures - told:
                self.stderr.write(f"{failure} The portal stays open; retry it on its page.")
            told |= failures
            if all(each.done for each in progress) and "finished" not in told:
                told.add("finished")
                board.show(progress)
                self._hand_over(stage, progress)
            time.sleep(1)

    def _hand_over(self, stage: Stage, progress: list[scans.Progress]) -> None:
        lines = ["", "Both runs are finished. Each of these links signs you in, once:"]
        for scan, each in zip(scans.SCANS, progress, strict=True):
            lines += [f"  {scan.name}", f"    {stage.link(each.run)}"]
        lines += ["", f"Or sign in at {stage.address}/account/login/"]
        for role, password in stage.logins.items():
            lines.append(f"  {role:<9} {password}   {cast.ROLES[role]}")
        lines += ["", "Ctrl-C ends the portal and its workers; nothing is lost."]
        self.stdout.write("\n".join(lines))
        self.stdout.flush()
