"""How a worker's parent tells the process that computes: we are going down, hand your run back.

One byte of memory shared over the fork, written from a signal handler and read without a lock: a
lock could be held by a child at the moment it is killed.
"""

import mmap
import os

from celery.signals import worker_process_init, worker_shutting_down

_flag = mmap.mmap(-1, 1)
_parent = 0


def worker_is_stopping() -> bool:
    """Whether this worker was told to stop, or its parent is gone and nobody watches it."""
    return _flag[0] == 1 or (_parent != 0 and os.getppid() != _parent)


@worker_shutting_down.connect
def _tell(**kwargs: object) -> None:
    _flag[0] = 1


@worker_process_init.connect
def _remember_parent(**kwargs: object) -> None:
    global _parent  # noqa: PLW0603 - one per process, set once after the fork
    _parent = os.getppid()
