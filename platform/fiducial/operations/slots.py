"""A small number for this process that no other living process of the machine has.

Counters of a process lie in files named by it. Named by process ids, files of processes that are
gone would pile up for ever; a slot is taken over, with its counts, by the next process.
"""

import fcntl
from itertools import count
from pathlib import Path
from typing import IO

_held: list[IO[bytes]] = []  # the lock lasts as long as the file is open, however we end


def take(folder: Path) -> int:
    """The lowest free slot of `folder`; ours until this process ends."""
    folder.mkdir(parents=True, exist_ok=True)
    for slot in count():
        file = (folder / f"slot-{slot}.lock").open("ab")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
        else:
            _held.append(file)
            return slot
    raise AssertionError("unreachable")
