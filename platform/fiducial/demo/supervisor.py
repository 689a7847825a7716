"""The demo's whole stage: portal and workers as children of one process that ends them all."""

import fcntl
import os
import signal
import socket
import sys
import time
import urllib.request
from collections.abc import Callable
from types import FrameType, TracebackType

from django.conf import settings
from django.core.management import call_command

from fiducial.accounts.services import one_time_link
from fiducial.errors import Refused
from fiducial.runs.models import Run

from . import cast, scans
from .processes import Family

HOST, PORT = "127.0.0.1", 8000
LINK_MINUTES = 12 * 60
START_SECONDS = 120
# One machine, so a lost worker is noticed sooner than in a facility.
LEASE = {"FIDUCIAL_LEASE_SECONDS": "20", "FIDUCIAL_HEARTBEAT_SECONDS": "4"}


class Stopped(BaseException):
    """Somebody asked the demo to end."""


class Stage:
    """Use as a context: inside it portal and workers run, after it no process is left."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._family = Family()
        self._folder = settings.HOME / "demo"
        self._asked_to_stop = False
        self.address = ""

    def __enter__(self) -> "Stage":
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self.stop)
        try:
            self._lock()
            self._say("Preparing the database")
            call_command("migrate", interactive=False, verbosity=0)
            self.logins = cast.passwords()
            self.member, self._project = cast.assemble(self.logins)
            self._say("Starting the portal and two workers")
            self._start()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end()

    def _end(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)  # from here on nothing may cut the ending short
        self._family.end()

    def stop(self, number: int, frame: FrameType | None) -> None:
        """What a signal does: raise Stopped, and again at the next step, because Python loses what
        is raised while it cleans up an object.
        """
        self._asked_to_stop = True
        raise Stopped

    def advance(self) -> list[scans.Progress]:
        """Take each scan one step further; Refused when a child ended by itself, Stopped when a
        signal came.
        """
        if self._asked_to_stop:
            raise Stopped
        if fallen := self._family.fallen():
            raise Refused(
                f"The {fallen.name} ended by itself (exit status {fallen.process.returncode}); "
                f"its last words are in {fallen.log}."
            )
        return [scans.advance(scan, self._project, self.member) for scan in scans.SCANS]

    def link(self, run: Run) -> str:
        """An address that signs the member in, once, and shows `run`."""
        path = one_time_link(
            user=self.member, next_url=run.get_absolute_url(), minutes=LINK_MINUTES
        )
        return self.address + path

    def _lock(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._locked = (self._folder / "lock").open("w")
        try:
            fcntl.flock(self._locked, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as held:
            raise Refused(
                f"A demo is running on {settings.HOME} already; stop it first, or give this one a "
                "folder of its own: FIDUCIAL_HOME=another/folder make demo"
            ) from held

    def _start(self) -> None:
        port = free_port()
        self.address = f"http://{HOST}:{port}"
        # One process with threads: the demo's machine has few cores, and they are the workers'.
        self._child(
            "portal",
            [
                *("-m", "gunicorn", "fiducial.wsgi", "--bind", f"{HOST}:{port}"),
                *("--threads", "8", "--timeout", "60", "--graceful-timeout", "3"),
                *("--log-level", "warning"),
            ],
        )
        for queue in ("ingest", "compute"):
            self._child(f"{queue} worker", ["manage.py", "worker", "--queues", queue])
        self._await_portal()

    def _child(self, name: str, arguments: list[str]) -> None:
        paths = f"{settings.ROOT / 'platform'}{os.pathsep}{settings.ROOT}"
        self._family.start(
            name,
            [sys.executable, *arguments],
            env=LEASE | dict(os.environ) | {"PYTHONPATH": paths, "PYTHONUNBUFFERED": "1"},
            cwd=settings.ROOT,
            log=self._folder / f"{name.replace(' ', '-')}.log",
        )

    def _await_portal(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and not self._family.fallen():
            try:
                with urllib.request.urlopen(self.address, timeout=20):
                    return
            except OSError:  # not listening yet, or slow on a busy machine
                time.sleep(0.2)
        raise Refused(f"The portal did not start; its last words are in {self._folder}/portal.log.")


def free_port() -> int:
    """PORT if nobody listens there, else any free one."""
    for wanted in (PORT, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, wanted))
            except OSError:
                continue
            return probe.getsockname()[1]
    raise Refused("This machine has no free port for the portal.")
