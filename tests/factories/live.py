"""Scans that are open for frames, and the deliveries a detector's program would send."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from fiducial.accounts.models import User
from fiducial.live import services
from fiducial.live.models import LiveScan
from fiducial.measurements.models import Project
from fiducial.runs.models import Run
from fiducial.runs.work import work_one
from tests.factories import scans
from workers.store.live import Optics

ACROSS = 6
FRAMES = ACROSS**2


def counted() -> tuple[NDArray[np.uint16], NDArray[np.float64], NDArray[np.complex64]]:
    """Frames with zero frequency at [0, 0], their places, and the probe."""
    return scans.counted(across=ACROSS)


def optics(**said: Any) -> Optics:
    return Optics(**{"side": scans.SIDE, "zero": "corner", **said})


def opened(project: Project, member: User, **said: Any) -> LiveScan:
    """A scan of `FRAMES` frames whose places are known ahead; `said` replaces what is asked."""
    asked = {"frames": FRAMES, "optics": optics(), "positions": counted()[1], "preview": False}
    return services.open_scan(
        project=project, user=member, asked=services.Opening(**{**asked, **said})
    )


@contextmanager
def worker() -> Iterator[threading.Thread]:
    """A worker, to be started, that takes one run; it is done when the context is left."""

    def work() -> None:
        work_one("cpu@here")
        connection.close()

    thread = threading.Thread(target=work)
    try:
        yield thread
    finally:
        if thread.is_alive():
            Run.objects.update(cancel_requested=True)
            thread.join(20)


def body(frames: NDArray[Any], index: Any, **said: Any) -> bytes:
    """A delivery as it is sent."""
    line = json.dumps({"index": index, **said}).encode()
    return line + b"\n" + np.ascontiguousarray(frames).tobytes()
