"""Child processes that never outlive the demo, however it ends and whatever they do."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
LINUX = sys.platform.startswith("linux")
PATIENCE = 12.0  # seconds a child has to hand back what it holds


@dataclass(frozen=True)
class Child:
    name: str
    process: subprocess.Popen[bytes]
    log: Path


class Family:
    """Starts children, each in a process group of its own, and ends them all."""

    def __init__(self) -> None:
        self.children: list[Child] = []
        if LINUX:  # orphans of a killed child come to us, so that `end` finds them
            ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)

    def start(
        self, name: str, command: Sequence[str], *, env: Mapping[str, str], cwd: Path, log: Path
    ) -> Child:
        """Start `command`; what it says goes to `log`. Ctrl-C in the terminal does not reach it."""
        parent = os.getpid()
        with log.open("ab") as output:
            process = subprocess.Popen(
                command,
                env=dict(env),
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=lambda: _end_with(parent),  # noqa: PLW1509 (this process has one thread)
            )
        child = Child(name, process, log)
        self.children.append(child)
        return child

    def fallen(self) -> Child | None:
        """A child that ended by itself, if one did."""
        return next((child for child in self.children if child.process.poll() is not None), None)

    def end(self) -> None:
        """Ask every child to stop, and after PATIENCE end whatever is left, grandchildren too."""
        for child in self.children:
            _signal(child.process, signal.SIGTERM)
        deadline = time.monotonic() + PATIENCE
        for child in self.children:
            try:
                child.process.wait(timeout=max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                continue
        for child in self.children:
            _signal_group(child.process.pid, signal.SIGKILL)
            child.process.wait()
        self.children.clear()
        _end_orphans()


def _end_with(parent: int) -> None:
    """In the child, before it becomes the command: end when the demo is killed outright."""
    if LINUX:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it was killed before we could say so
            os._exit(1)


def _signal(process: subprocess.Popen[bytes], number: int) -> None:
    if process.poll() is None:
        process.send_signal(number)


def _signal_group(group: int, number: int) -> None:
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return  # nobody is left in it


def _end_orphans() -> None:
    """End descendants that left their group; they became ours when their parents ended."""
    while left := _own_children() if LINUX else []:
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
            except (ProcessLookupError, ChildProcessError):
                continue


def _own_children() -> list[int]:
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = status.read_text()
        except OSError:
            continue  # it ended meanwhile
        # "pid (name) state parent …"; a name may hold spaces and brackets
        if int(text.rpartition(")")[2].split()[1]) == os.getpid():
            found.append(int(status.parent.name))
    return found
