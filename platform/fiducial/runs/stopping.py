"""How a worker's parent tells the process that computes: hand your run back, we are going down, or
an operator wants a pause.

Two bytes of memory shared over the fork, written by the parent and read without a lock: a
lock could be held by a child at the moment it is killed. (A killed parent takes its children
along: Celery asks the kernel for that; their leases run out.)
"""

import mmap

from celery.signals import worker_shutting_down

_flags = mmap.mmap(-1, 2)
_STOPPING, _PAUSED = 0, 1


def hand_back_is_wanted() -> bool:
    """Whether this worker was told to stop, or to pause."""
    return _flags[_STOPPING] == 1 or _flags[_PAUSED] == 1


def pause(wanted: bool) -> None:
    """Have the run under way handed back, or not any more."""
    _flags[_PAUSED] = wanted


@worker_shutting_down.connect
def _tell(**kwargs: object) -> None:
    _flags[_STOPPING] = 1
