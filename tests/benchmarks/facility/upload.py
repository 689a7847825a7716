"""A gigabyte over a line that breaks: the program is killed, the line cut, the program killed.

It is sent by the client as people use it, through the web server of the deployment, whose memory is
watched meanwhile.
"""

import hashlib
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from tests.factories.facility import ROOT, Facility, Process

from . import machines
from .faults import TOKEN
from .line import Line

SIZE = 2**30
WARM_UP = 2**28  # every thread has taken a part before memory is watched
PIECE = 2**24
MEGABYTE = 2**20
TWICE = 0.1  # of the file at most may go over the line again
PATIENCE = 900.0


def upload() -> dict[str, Any]:
    """Whether the file arrived as it was, without being sent anew, and what it cost the server."""
    with machines.deployed() as made:
        portal, address = machines.portal(made)
        host, _, port = address.removeprefix("http://").partition(":")
        with Line((host, int(port))) as line:
            token, project = made.shell(TOKEN)
            sender = Sender(line, token, project)
            _random_file(made.home / "warm-up.txt", WARM_UP)
            sender.start(made.home / "warm-up.txt").wait(PATIENCE)
            watched = Memory(portal)
            digest = _random_file(made.home / "large.txt", SIZE)
            began, sent = monotonic(), line.sent
            _interrupted(sender, made.home / "large.txt")
            seconds, sent = monotonic() - began, line.sent - sent
        arrived = _hash(_arrived(made))
        return {
            "resumed_ok": int(arrived == digest and sent < (1 + TWICE) * SIZE),
            "same_hash": arrived == digest,
            "sent_share": sent / SIZE,
            "interruptions": 3,
            "bytes": SIZE,
            "seconds_sending": round(seconds, 1),
            "web_rss_growth_mb": watched.growth() / MEGABYTE,
            "web_rss_mb": watched.first / MEGABYTE,
        }


class Sender:
    """Starts the client's command; each start goes on from where the last one was."""

    def __init__(self, line: Line, token: str, project: int) -> None:
        self.line, self._project = line, str(project)
        self._known = {"FIDUCIAL_URL": line.address, "FIDUCIAL_TOKEN": token}
        self._known["PYTHONPATH"] = str(ROOT / "client")

    def start(self, file: Path) -> "subprocess.Popen[bytes]":
        """Begin, or go on, sending `file`."""
        command = [sys.executable, "-m", "fiducial_client", "upload", str(file)]
        return subprocess.Popen(
            [*command, "--project", self._project],
            env=os.environ | self._known,
            stdout=subprocess.DEVNULL,
        )

    def until(self, sent: int, program: "subprocess.Popen[bytes]") -> None:
        """Wait until so many bytes have gone over the line."""
        deadline = monotonic() + PATIENCE
        while self.line.sent < sent:
            assert program.poll() is None, "the client ended before its time"
            assert monotonic() < deadline, f"{self.line.sent} of {sent} bytes were sent"
            sleep(0.01)


class Memory:
    """The largest sum of what the processes of a web server hold, bytes, while it is watched."""

    def __init__(self, server: Process) -> None:
        self._server, self._over = server, threading.Event()
        self.first = self._most = self._held()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def growth(self) -> int:
        """By how much it grew at most."""
        self._over.set()
        self._thread.join()
        return self._most - self.first

    def _watch(self) -> None:
        while not self._over.wait(0.1):
            self._most = max(self._most, self._held())

    def _held(self) -> int:
        return sum(map(_resident, self._server.children()))


def _interrupted(sender: Sender, file: Path) -> None:
    begun = sender.line.sent
    program = sender.start(file)
    for quarter in (1, 2, 3):
        sender.until(begun + quarter * SIZE // 4, program)
        if quarter == 2:
            sender.line.cut()  # the program goes on by itself
        else:
            program.send_signal(signal.SIGKILL)
            program.wait()
            program = sender.start(file)
    assert program.wait(PATIENCE) == 0


def _random_file(path: Path, size: int) -> str:
    digest = hashlib.sha256()
    with path.open("wb") as file:
        for _ in range(size // PIECE):
            piece = os.urandom(PIECE)
            digest.update(piece)
            file.write(piece)
    return digest.hexdigest()


def _arrived(made: Facility) -> Path:
    """The file as the portal keeps it; it may be that it never came."""
    found = list((made.store / "quarantine").glob("*/files/large.txt"))
    return found[0] if found else Path(os.devnull)


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _resident(process: int) -> int:
    try:
        pages = Path(f"/proc/{process}/statm").read_text().split()[1]
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return int(pages) * os.sysconf("SC_PAGE_SIZE")
