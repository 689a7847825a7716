"""What is lost when a part of a facility dies: real processes, killed while runs are under way.

Of every run it is asked whether it ended, how often it was finished, and whether its one result
lies in the store; of what was uploaded, whether it is there with its hash.
"""

import hashlib
import os
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from time import sleep, time
from typing import Any

from fiducial_client import Access, Client
from tests.factories.facility import Facility, Process, facility, wait_for

from . import machines
from .clock import Clock

LONG, SHORT = {"steps": 25, "pause": 0.2}, {"steps": 2, "pause": 0.05}
FULL = {**SHORT, "mood": "full"}
FINAL = ("succeeded", "failed", "cancelled")
HOURS = 2 * 3600
TOKEN = """
from fiducial.measurements.models import Project
from tests.factories import tokens
answer = [tokens.secret(User.objects.get(username="member")), Project.objects.get().pk]
"""
Told = dict[str, Any]


class Ward:
    """A facility with two workers and a portal, and what is done to it."""

    def __init__(self, made: Facility, services: machines.Services, clock: Clock) -> None:
        self.made, self._services, self._clock = made, services, clock
        self._workers: list[Process] = [made.worker("first"), made.worker("second")]
        _, url = made.portal()
        token, self.project = made.shell(TOKEN)
        self.access = Access(url, token)
        self.sent: dict[str, str] = {}  # measurement -> hash of the file that was uploaded for it

    def redis_killed(self) -> None:
        """Kill it, tickets and all, and start it again."""
        self._services.again("redis")

    def postgres_restarted(self) -> None:
        """Have it crash and come back."""
        self._services.again("postgres")

    def worker_killed(self) -> None:
        """Kill every process of one worker; another takes its place."""
        self._workers.pop(0).kill()
        self._workers.append(self.made.worker(f"worker-{len(self.made.logs())}"))

    def disk_full(self) -> None:
        """Nothing: the runs themselves find the disk full."""

    def clock_forward(self) -> None:
        """All clocks, the database's too, go two hours forward."""
        self._clock.jump(HOURS)
        [(now,)] = self.made.query("SELECT extract(epoch FROM now())")
        assert float(now) - time() > HOURS - 60, "the database does not follow the clock"

    def clock_back(self) -> None:
        """And back again."""
        self._clock.jump(0)

    def upload(self, name: str) -> None:
        """Send a file of some parts, as a person's program does."""
        file = self.made.home / f"{name}.txt"
        file.write_bytes(os.urandom(6 * 2**20))
        with Client(self.access) as portal:
            made = portal.upload([file], project=self.project, name=name)
        self.sent[str(made.id)] = hashlib.sha256(file.read_bytes()).hexdigest()
        file.unlink()

    def kept(self, measurement: str, digest: str) -> bool:
        """Whether what was uploaded is there, as it was."""
        files = (self.made.store / "quarantine" / measurement / "files").glob("*")
        return [hashlib.sha256(file.read_bytes()).hexdigest() for file in files] == [digest]


def faults() -> Told:
    """Runs and uploads lost, and runs finished twice, over all faults; and of each by itself."""
    with tempfile.TemporaryDirectory(prefix="fiducial-facility-") as scratch:
        home = Path(scratch)
        home.chmod(0o755)  # PostgreSQL runs as a user of its own, and follows the clock
        clock = Clock(home)
        with machines.services(**clock.environment) as services, facility(home / "home") as made:
            told = _struck_in_turn(Ward(made, services, clock))
    whole = ("lost", "double_finished", "runs", "uploads")
    return {key: sum(each[key] for each in told.values()) for key in whole} | {"each": told}


def _struck_in_turn(ward: Ward) -> dict[str, Told]:
    strikes: list[Callable[[], None]] = [
        ward.redis_killed,
        ward.postgres_restarted,
        ward.worker_killed,
        ward.disk_full,
        ward.clock_forward,
        ward.clock_back,
    ]
    return {strike.__name__: struck(ward, strike) for strike in strikes}


def struck(ward: Ward, strike: Callable[[], None]) -> Told:
    """Let `strike` happen while two runs are under way and others wait; what became of them."""
    before = dict(ward.sent)
    ward.upload(f"before {strike.__name__}".replace("_", " "))
    asked = [FULL, FULL] if strike.__name__ == "disk_full" else [LONG, LONG]
    runs = ward.made.submit(*asked, SHORT, SHORT)
    if strike.__name__ != "disk_full":
        wait_for(lambda: _under_way(ward.made, runs), "two runs are under way", *ward.made.logs())
    strike()
    ward.upload(f"after {strike.__name__}".replace("_", " "))
    lost = [run for run in runs if not _ended(ward.made, run)]
    sleep(1.5)  # whoever lost a run may still try to finish it
    ended = finished("".join(log.read_text() for log in set(ward.made.logs())))
    sent = {one: digest for one, digest in ward.sent.items() if one not in before}
    gone = [one for one, digest in ward.sent.items() if not ward.kept(one, digest)]
    return {
        "lost": len(lost) + len(gone) + sum(not _whole(ward.made, run) for run in runs),
        "double_finished": sum(ended[run] > 1 for run in runs),
        "runs": len(runs),
        "uploads": len(sent),
        "attempts": sum(ward.made.row(run)["attempt"] for run in runs),
        "states": dict(Counter(ward.made.row(run)["state"] for run in runs)),
    }


def _under_way(made: Facility, runs: list[str]) -> bool:
    rows = [made.row(run) for run in runs]
    return sum(row["state"] == "running" and row["fraction"] > 0 for row in rows) >= 2


def _ended(made: Facility, run: str) -> bool:
    try:
        made.wait(run, lambda row: row["state"] in FINAL)
    except AssertionError as waited:
        sys.stderr.write(f"{waited}\n")
        return False
    return True


def finished(told: str) -> Counter[str]:
    """How often workers said of each run, in their logs, that its result counts."""
    return Counter(re.findall(r" Run ([0-9a-f-]{36}) succeeded", told))


def _whole(made: Facility, run: str) -> bool:
    """Whether the store holds the one result of a run that succeeded, and of others none."""
    row = made.row(run)
    one = [f"{row['token']}.zarr"] if row["state"] == "succeeded" else []
    return made.files(run) == one
