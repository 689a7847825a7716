"""What the toy recipe with tiles does."""

import os
import signal
import time
from pathlib import Path

import numpy as np
import zarr

from workers.run import RunError, Stopped


def tile(n: int, measurement: Path, kept: Path, parameters, seed, report, should_stop) -> None:
    """Leave one number in `kept`, after `pause` seconds."""
    if n == 1 and parameters["mood"] == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if n == 1 and parameters["mood"] == "refuse":
        raise RunError("The toy refuses this tile; bring another.")
    until = time.monotonic() + parameters["pause"]
    while (left := until - time.monotonic()) > 0:
        if should_stop():
            raise Stopped
        report("counting", 1 - left / parameters["pause"])
        time.sleep(min(left, 0.05))
    kept.mkdir(parents=True, exist_ok=True)
    (kept / f"{n}.txt").write_text(str(seed + n))


def run(
    measurement: Path, output: Path, parameters, seed, report, should_stop, kept: Path | None = None
) -> dict:
    """Write the numbers of all tiles, those that were left and the others."""
    report("finishing", 0.0)
    left = {file.stem: int(file.read_text()) for file in kept.iterdir()} if kept else {}
    values = [left.get(str(n), seed + n) for n in range(parameters["tiles"])]
    group = zarr.open_group(output, mode="w-")
    group.create_array("values", data=np.array(values, np.float32))
    if should_stop():
        raise Stopped
    return {"recipe": "toy-tiled", "sum": float(sum(values)), "left": len(left)}
