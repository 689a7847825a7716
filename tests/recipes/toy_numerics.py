"""What the toy recipe does."""

import os
import signal
import time
from pathlib import Path

import numpy as np
import zarr

from workers.run import RunError, Stopped


def run(measurement: Path, output: Path, parameters, seed, report, should_stop) -> dict:
    """Write one number per step; `mood` says what happens half way."""
    group = zarr.open_group(output, mode="w-")
    steps = parameters["steps"]
    values = group.create_array("values", shape=(steps,), dtype="float32")
    for step in range(steps):
        if step == steps // 2:
            _misbehave(parameters["mood"], should_stop)
        report("counting", step / steps)
        time.sleep(parameters["pause"])
        if should_stop():
            raise Stopped
        values[step] = np.float32(seed + step)
    return {"recipe": "toy", "sum": float(np.sum(values[:])), "pid": os.getpid()}


def _misbehave(mood: str, should_stop) -> None:
    if mood == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif mood == "refuse":
        raise RunError("The toy refuses this map; bring another.")
    elif mood == "bug":
        raise ValueError("secret/path/of/the/server")
    elif mood == "full":
        with open("/dev/full", "w") as full:
            full.write("x")
    elif mood == "greedy":
        np.ones(2**58)  # an exbibyte or two
    elif mood == "deaf":
        time.sleep(600)  # never looks at should_stop
