"""How a worker's parent tells the process that computes: we are going down, hand your run back.

One byte of memory shared over the fork, written from a signal handler and read without a lock: a
lock could be held by a child at the moment it is killed. (A killed parent takes its children
along: Celery asks the kernel for that; their leases run out.)
"""

import mmap

from celery.signals import worker_shutting_down

_flag = mmap.mmap(-1, 1)


def worker_is_stopping() -> bool:
    """Whether this worker was told to stop."""
    return _flag[0] == 1


@worker_shutting_down.connect
def _tell(**kwargs: object) -> None:
    _flag[0] = 1
